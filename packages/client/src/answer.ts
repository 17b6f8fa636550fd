import { decodeBase64, MalformedError } from "@stele/proof";

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Reads a node's JSON answer field by field. The node is not trusted to keep to its own API: every field is
 * checked, and what is not as announced is a MalformedError `response_malformed` that names it.
 */
export class Answer {
  readonly #value: unknown;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#value = value;
    this.#where = where;
  }

  field(name: string): Answer {
    return new Answer(Reflect.get(this.object(), name), `${this.#where}.${name}`);
  }

  /** Whether the field is there, and not null. */
  has(name: string): boolean {
    return (Reflect.get(this.object(), name) ?? undefined) !== undefined;
  }

  object(): object {
    if (typeof this.#value === "object" && this.#value !== null) return this.#value;
    throw this.#unlike("an object");
  }

  items(): Answer[] {
    if (!Array.isArray(this.#value)) throw this.#unlike("an array");
    return this.#value.map((value, i) => new Answer(value, `${this.#where}[${i}]`));
  }

  /** The fields of an object whose names are not known before: data of others, to be kept in a Map. */
  entries(): [name: string, value: Answer][] {
    return Object.entries(this.object()).map(([name, value]) => [
      name,
      new Answer(value, `${this.#where}.${name}`),
    ]);
  }

  /** An array of numbers from 0 on, with null where there is none. */
  numbersOrNull(): (number | null)[] {
    if (!Array.isArray(this.#value)) throw this.#unlike("an array");
    return this.#value.map((value: unknown, i) => {
      if (value === null || (typeof value === "number" && Number.isFinite(value) && value >= 0)) return value;
      // Only here, since there can be a million of them.
      throw new Answer(value, `${this.#where}[${i}]`).#unlike("a number from 0 on, or null");
    });
  }

  integer(): number {
    if (typeof this.#value === "number" && Number.isSafeInteger(this.#value) && this.#value >= 0) {
      return this.#value;
    }
    throw this.#unlike("a whole number");
  }

  number(): number {
    if (typeof this.#value === "number" && Number.isFinite(this.#value) && this.#value >= 0)
      return this.#value;
    throw this.#unlike("a number from 0 on");
  }

  string(): string {
    if (typeof this.#value === "string") return this.#value;
    throw this.#unlike("a string");
  }

  /** A time with its date and offset (RFC 3339), in Unix milliseconds. */
  timeMs(): number {
    const text = this.string();
    const ms = RFC_3339.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(ms)) throw this.#unlike("a time");
    return ms;
  }

  boolean(): boolean {
    if (typeof this.#value === "boolean") return this.#value;
    throw this.#unlike("true or false");
  }

  /** @throws also MalformedError `base64_malformed` */
  base64(): Uint8Array {
    return decodeBase64(this.string());
  }

  #unlike(wanted: string): MalformedError {
    return new MalformedError("response_malformed", `The node's answer: ${this.#where} is not ${wanted}`);
  }
}
