import { MalformedError } from "@stele/proof";

const OID_LENGTH_BYTES_MAX = 64;

/**
 * One DER element (X.690) whose form is as expected, or it throws: what is untrusted is read through this. Nothing is read
 * that nobody asks for, and no byte twice at one level, so the time is bounded by the length.
 */
export class Der {
  readonly tag: number;
  /** The whole element, as it was. */
  readonly bytes: Buffer;
  readonly #content: Buffer;

  private constructor(tag: number, bytes: Buffer, content: Buffer) {
    this.tag = tag;
    this.bytes = bytes;
    this.#content = content;
  }

  /** @throws MalformedError `timestamp_malformed` if it is not one DER element, and nothing behind it */
  static parse(bytes: Uint8Array): Der {
    const [element, ...more] = Der.#parseAll(Buffer.from(bytes));
    if (!element || more.length > 0) throw malformed("it is not one DER element");
    return element;
  }

  /** The elements inside a SEQUENCE (0x30), SET (0x31), or a constructed context-specific one (0xa0 and up). */
  inside(tag: number): Cursor {
    return new Cursor(Der.#parseAll(this.content(tag)));
  }

  /** The content of an OCTET STRING (0x04), INTEGER (0x02) and so on. */
  content(tag: number): Buffer {
    if (this.tag !== tag) throw malformed(`it has a tag ${this.tag} where ${tag} should be`);
    return this.#content;
  }

  /** In dotted decimals. */
  oid(): string {
    const content = this.content(0x06);
    const isWhole = content.length > 0 && content.length <= OID_LENGTH_BYTES_MAX && content.at(-1)! < 0x80;
    if (!isWhole) throw malformed("it has an OID that is none");
    const arcs: bigint[] = [];
    let arc = 0n;
    for (const byte of content) {
      if (arc === 0n && byte === 0x80) throw malformed("it has an OID that is not in its shortest form");
      arc = arc * 128n + BigInt(byte & 0x7f);
      if (byte >= 0x80) continue;
      arcs.push(arc);
      arc = 0n;
    }
    const [joint = 0n, ...others] = arcs;
    const first = joint < 80n ? joint / 40n : 2n;
    return [first, joint - 40n * first, ...others].join(".");
  }

  /** A small INTEGER that is not negative. */
  number(): number {
    const value = this.content(0x02);
    if (value.length !== 1 || value[0]! > 127)
      throw malformed("it has an INTEGER where a small one should be");
    return value[0]!;
  }

  static #parseAll(bytes: Buffer): Der[] {
    const elements: Der[] = [];
    for (let at = 0; at < bytes.length;) {
      const { contentOffset, end } = extent(bytes, at);
      elements.push(new Der(bytes[at]!, bytes.subarray(at, end), bytes.subarray(contentOffset, end)));
      at = end;
    }
    return elements;
  }
}

/** Where the content of an element begins and ends. Lengths are definite, and in their shortest form. */
function extent(bytes: Buffer, at: number): { contentOffset: number; end: number } {
  const [tag = 0, first] = bytes.subarray(at, at + 2);
  if ((tag & 0x1f) === 0x1f || first === undefined) throw malformed("it has an element that is none");
  let contentOffset = at + 2;
  let length = first;
  if (first >= 0x80) {
    const digits = first - 0x80;
    if (digits < 1 || digits > 3 || contentOffset + digits > bytes.length)
      throw malformed("a length is none");
    length = bytes.readUIntBE(contentOffset, digits);
    contentOffset += digits;
    if (length < 0x80 || length < 256 ** (digits - 1))
      throw malformed("a length is not in its shortest form");
  }
  const end = contentOffset + length;
  if (end > bytes.length) throw malformed("an element goes beyond its end");
  return { contentOffset, end };
}

/** The elements of a SEQUENCE or SET, one after the other. */
export class Cursor {
  readonly #elements: readonly Der[];
  #at = 0;

  constructor(elements: readonly Der[]) {
    this.#elements = elements;
  }

  /** @throws MalformedError `timestamp_malformed` if there is none */
  next(): Der {
    const element = this.#elements[this.#at++];
    if (!element) throw malformed("an element is missing");
    return element;
  }

  /** The next element if it has this tag. */
  optional(tag: number): Der | undefined {
    return this.#elements[this.#at]?.tag === tag ? this.#elements[this.#at++] : undefined;
  }

  rest(): readonly Der[] {
    const rest = this.#elements.slice(this.#at);
    this.#at = this.#elements.length;
    return rest;
  }

  /** @throws MalformedError `timestamp_malformed` if there are more */
  end(): void {
    if (this.#at < this.#elements.length) throw malformed("it has an element too many");
  }
}

export function malformed(reason: string, cause?: unknown): MalformedError {
  return new MalformedError("timestamp_malformed", `Not a time-stamp (RFC 3161): ${reason}`, { cause });
}
