import { ASN1Obj } from "@sigstore/core";
import { MalformedError } from "@stele/proof";

/** One DER element whose form is as expected, or it throws: what is untrusted is read through this. */
export class Der {
  readonly #object: ASN1Obj;

  private constructor(object: ASN1Obj) {
    this.#object = object;
  }

  /** @throws MalformedError `timestamp_malformed` if it is not one DER element, and nothing behind it */
  static parse(bytes: Uint8Array): Der {
    const buffer = Buffer.from(bytes);
    let object: ASN1Obj;
    try {
      object = ASN1Obj.parseBuffer(buffer);
      if (!object.toDER().equals(buffer)) throw new Error("it is not in canonical form");
    } catch (cause) {
      throw malformed(`it is not DER: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
    return new Der(object);
  }

  /** The elements inside a SEQUENCE (0x30), SET (0x31), or a constructed context-specific one (0xa0 and up). */
  inside(tag: number): Cursor {
    this.#expect(tag);
    return new Cursor(this.#object.subs.map((sub) => new Der(sub)));
  }

  /** The content of an OCTET STRING (0x04), INTEGER (0x02) and so on. */
  content(tag: number): Buffer {
    this.#expect(tag);
    return Buffer.from(this.#object.value);
  }

  oid(): string {
    this.#expect(0x06);
    return this.#object.toOID();
  }

  /** A small INTEGER. */
  number(): number {
    const value = this.content(0x02);
    if (value.length !== 1 || value[0]! > 127)
      throw malformed("it has an INTEGER where a small one should be");
    return value[0]!;
  }

  get tag(): number {
    return this.#object.tag.toDER();
  }

  /** The whole element, as it was. */
  get bytes(): Buffer {
    return Buffer.from(this.#object.toDER());
  }

  #expect(tag: number): void {
    if (this.tag !== tag) throw malformed(`it has a tag ${this.tag} where ${tag} should be`);
  }
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
