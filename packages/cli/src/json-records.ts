import { MalformedError } from "@stele/proof";

/** A JSON object of a file. */
export interface JsonRecord {
  /** As it is written in the file. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** CloudTrail's own limit for an event is 256 KB. */
const RECORD_LENGTH_BYTES_MAX = 4 << 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Space, tab, line feed, carriage return, and the comma between records. */
const BETWEEN_RECORDS = [0x20, 0x09, 0x0a, 0x0d, 0x2c];

/**
 * Takes the records out of a file while it is read, whatever its length: objects one behind the other (one a line, or
 * not), the elements of an array, or those of the array `Records` that an object begins with. Only brackets and
 * strings are looked at here: whether a record is JSON, its reader finds.
 *
 * @param name of the file, for errors
 * @throws MalformedError `records_malformed` with the number of the record
 */
export async function* jsonRecords(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<JsonRecord, void, undefined> {
  const scanner = new RecordScanner(name);
  for await (const chunk of bytes) yield* scanner.push(chunk);
  scanner.end();
}

class RecordScanner {
  readonly #name: string;
  /** The present record as far as it was read, or empty. */
  #buffer = Buffer.alloc(0);
  /** Where the present record begins in the buffer; -1 between records. */
  #start = -1;
  #depth = 0;
  /** How deep records are: 0, or inside an array (1), or inside `{"Records":[` (2). */
  #recordDepth = 0;
  #inString = false;
  #escaped = false;
  #number = 0;

  constructor(name: string) {
    this.#name = name;
  }

  *push(chunk: Uint8Array): Generator<JsonRecord, void, undefined> {
    const buffer = Buffer.concat([this.#buffer, chunk]);
    for (let at = this.#buffer.length; at < buffer.length; at++) {
      const byte = buffer[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#open(buffer, at, byte === OPEN_BRACKET);
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        const record = this.#close(buffer, at);
        if (record) yield record;
      } else if (this.#depth === this.#recordDepth && !BETWEEN_RECORDS.includes(byte)) {
        throw this.#malformed("is not an object");
      } else if (byte === QUOTE) {
        this.#inString = true;
      }
    }
    this.#buffer = this.#start < 0 ? Buffer.alloc(0) : buffer.subarray(this.#start);
    if (this.#start >= 0) this.#start = 0;
    if (this.#buffer.length > RECORD_LENGTH_BYTES_MAX) {
      throw this.#malformed(`is longer than ${RECORD_LENGTH_BYTES_MAX} bytes`);
    }
  }

  end(): void {
    if (this.#depth > 0) throw this.#malformed("is cut off: the file ends too early");
  }

  #open(buffer: Buffer, at: number, isArray: boolean): void {
    if (this.#depth === this.#recordDepth) {
      if (!isArray) this.#start = at;
      else if (this.#depth === 0) this.#recordDepth = 1;
      else throw this.#malformed("is not an object");
    } else if (isArray && this.#depth === 1 && this.#start >= 0 && this.#recordDepth === 0) {
      const before = buffer.toString("latin1", this.#start, Math.min(at, this.#start + 64));
      if (/^\{\s*"Records"\s*:\s*$/.test(before)) {
        this.#recordDepth = 2;
        this.#start = -1;
      }
    }
    this.#depth++;
  }

  #close(buffer: Buffer, at: number): JsonRecord | undefined {
    this.#depth--;
    if (this.#depth < 0) throw this.#malformed("follows a bracket too many");
    if (this.#depth < this.#recordDepth) {
      // The end of the array. What follows `Records` in its object is passed over.
      this.#recordDepth = 0;
      return undefined;
    }
    if (this.#depth > this.#recordDepth || this.#start < 0) return undefined;
    const bytes = buffer.subarray(this.#start, at + 1);
    this.#start = -1;
    try {
      return { text: UTF8.decode(bytes), number: ++this.#number };
    } catch (cause) {
      throw this.#malformed("is not UTF-8", cause);
    }
  }

  #malformed(reason: string, cause?: unknown): MalformedError {
    return new MalformedError("records_malformed", `${this.#name}: record ${this.#number + 1} ${reason}`, {
      cause,
    });
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
