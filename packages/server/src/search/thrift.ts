/** A value of the Thrift compact protocol. Structs are maps by field id; binaries keep their place in the bytes. */
export type Thrift = boolean | number | Uint8Array | readonly Thrift[] | ThriftStruct;
export type ThriftStruct = ReadonlyMap<number, Thrift>;

const DEPTH_MAX = 16;

/**
 * Reads one struct from untrusted bytes. Binaries share memory with `bytes`. Returns it and the offset behind it.
 * Source: thrift-compact-protocol.md of Apache Thrift.
 *
 * @throws RangeError if the bytes are no such struct
 */
export function parseThrift(
  bytes: Buffer,
  offset = 0,
): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new Reader(bytes, offset);
  const struct = reader.struct(0);
  return { struct, end: reader.at };
}

class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > DEPTH_MAX) throw new RangeError("Nested too deep");
    const fields = new Map<number, Thrift>();
    for (let id = 0; ;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const delta = head >> 4;
      id = delta > 0 ? id + delta : this.#zigzag();
      fields.set(id, this.#value(head & 15, depth, true));
    }
  }

  #value(type: number, depth: number, inField: boolean): Thrift {
    switch (type) {
      case 1:
      case 2:
        return inField ? type === 1 : this.#byte() === 1;
      case 3:
        return this.#byte();
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 8:
        return this.#take(this.#varint());
      case 9:
      case 10: {
        const head = this.#byte();
        const size = head >> 4 === 15 ? this.#varint() : head >> 4;
        // Each element takes a byte at least.
        if (size > this.#bytes.length - this.at) throw new RangeError("A list is longer than the bytes");
        return Array.from({ length: size }, () => this.#value(head & 15, depth + 1, false));
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`Parquet has no values of the type ${type}`);
    }
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.at++);
  }

  #take(lengthBytes: number): Uint8Array {
    const start = this.at;
    this.at += lengthBytes;
    if (this.at > this.#bytes.length) throw new RangeError("A value is longer than the bytes");
    return this.#bytes.subarray(start, this.at);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * scale;
      if (!Number.isSafeInteger(value)) throw new RangeError("A number is too large");
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
