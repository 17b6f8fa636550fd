import { MalformedError } from "@stele/proof";

/**
 * One DER element whose form is as expected, or it throws: what is untrusted is read through this. What is inside is looked at only
 * when it is asked for, and once: a parser that guesses what may be inside an OCTET STRING can be kept busy without end.
 */
export class Der {
  readonly tag: number;
  /** The whole element, as it is. */
  readonly bytes: Buffer;
  readonly #value: Buffer;

  private constructor(tag: number, bytes: Buffer, value: Buffer) {
    this.tag = tag;
    this.bytes = bytes;
    this.#value = value;
  }

  /** @throws MalformedError `timestamp_malformed` if it is not one DER element, and nothing behind it */
  static parse(bytes: Uint8Array): Der {
    const [element, ...more] = Der.#elements(Buffer.from(bytes));
    if (!element || more.length > 0) throw malformed("it is not DER: it is not one element");
    return element;
  }

  /** The elements inside a SEQUENCE (0x30), SET (0x31), or a constructed context-specific one (0xa0 and up). */
  inside(tag: number): Cursor {
    this.#expect(tag);
    return new Cursor(Der.#elements(this.#value));
  }

  /** The content of an OCTET STRING (0x04), INTEGER (0x02) and so on. */
  content(tag: number): Buffer {
    this.#expect(tag);
    return Buffer.from(this.#value);
  }

  /** As text: `2.16.840.1.101.3.4.2.1`. */
  oid(): string {
    const arcs: bigint[] = [];
    let arc = 0n;
    for (const byte of this.content(0x06)) {
      arc = arc * 128n + BigInt(byte % 128);
      if (arc > OID_ARC_MAX) throw malformed("it has an object identifier that is too large");
      if (byte >= 128) continue;
      arcs.push(arc);
      arc = 0n;
    }
    const [first, ...rest] = arcs;
    if (first === undefined || arc > 0n) throw malformed("it has a broken object identifier");
    const root = first < 40n ? 0n : first < 80n ? 1n : 2n;
    return [root, first - root * 40n, ...rest].join(".");
  }

  /** A small INTEGER. */
  number(): number {
    const value = this.content(0x02);
    if (value.length !== 1 || value[0]! > 127)
      throw malformed("it has an INTEGER where a small one should be");
    return value[0]!;
  }

  #expect(tag: number): void {
    if (this.tag !== tag) throw malformed(`it has a tag ${this.tag} where ${tag} should be`);
  }

  static #elements(bytes: Buffer): Der[] {
    const elements: Der[] = [];
    for (let at = 0; at < bytes.length;) {
      const tag = bytes[at]!;
      if (tag % 32 === 31) throw malformed("it is not DER here: it has a tag of several bytes");
      const [length, begin] = lengthAt(bytes, at + 1);
      const end = begin + length;
      if (end > bytes.length) throw malformed("it is not DER: an element is longer than what it is in");
      elements.push(new Der(tag, bytes.subarray(at, end), bytes.subarray(begin, end)));
      at = end;
    }
    return elements;
  }
}

const OID_ARC_MAX = 1n << 128n;

/** In its only form: one byte below 128, else the number of bytes that follow, without leading zeroes. */
function lengthAt(bytes: Buffer, at: number): [length: number, behind: number] {
  const first = bytes[at];
  if (first === undefined) throw malformed("it is not DER: it ends before a length");
  if (first < 128) return [first, at + 1];
  const behind = at + 1 + (first - 128);
  if (first === 128 || first > 132 || behind > bytes.length)
    throw malformed("it is not DER: a length is wrong");
  const length = bytes.readUIntBE(at + 1, first - 128);
  if (length < 128 || length < 256 ** (first - 129))
    throw malformed("it is not DER: a length has another form");
  return [length, behind];
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
