import { hash } from "node:crypto";
import { InvariantError, MalformedError } from "@stele/proof";
import { CLOSE_BRACKET, LINE_FEED, OPEN_BRACE, OPEN_BRACKET } from "./ascii.ts";
import type { EntryBatch } from "./entry-batch.ts";
import { ID_OFFSET } from "./entry-schema.ts";
import { EntryWriter } from "./entry-writer.ts";
import { BodyMalformedError, EventRejectedError } from "./errors.ts";
import { EventAbandoned, SyntaxFault } from "./event-cursor.ts";
import { hashId, type IdHashSeed } from "./id-hash.ts";
import { ENTRY_BYTES_MAX, type EventLimits } from "./limits.ts";
import { TIMESTAMP_LENGTH } from "./timestamp.ts";
import type { FillRandom } from "./uuid-v7.ts";

const HASH_BYTES = 32;
const LEAF_PREFIX = 0x00;
/** The output that is kept for the next batch; what a larger batch needed beyond it is given back. */
const OUTPUT_KEPT_BYTES = 4 * 1024 * 1024;

export interface NormalizerOptions {
  readonly limits: Pick<EventLimits, "batchEventsMax" | "problemsMax">;
  readonly idHashSeed: IdHashSeed;
  /** For the ids of events that have none. */
  readonly fillRandom: FillRandom;
}

/**
 * Makes entries of events, as docs/spec/entry.md says: one pass over the bytes of a body, from JSON to the bytes of the
 * log. Keeps its working memory from one body to the next, so it is for one thread and one body at a time.
 */
export class EventNormalizer {
  readonly #limits: NormalizerOptions["limits"];
  readonly #idHashSeed: IdHashSeed;
  readonly #writer: EntryWriter;
  readonly #ends: Uint32Array;
  readonly #idLengths: Uint8Array;
  #count = 0;

  constructor({ limits, idHashSeed, fillRandom }: NormalizerOptions) {
    this.#limits = limits;
    this.#idHashSeed = idHashSeed;
    this.#writer = new EntryWriter(limits.problemsMax, OUTPUT_KEPT_BYTES, fillRandom);
    this.#ends = new Uint32Array(limits.batchEventsMax);
    this.#idLengths = new Uint8Array(limits.batchEventsMax);
  }

  /**
   * The entries of all events of a decoded body: of one object or an array of them (`json`), or of one object a line
   * (`ndjson`, blank lines ignored). All or none. Does not keep or change `body`.
   *
   * @param receivedAt the time for all of them, as it is to be in the entry (`YYYY-MM-DDTHH:MM:SS.mmmZ`)
   * @throws EventRejectedError `event_invalid`, with each problem of each event up to the limit; a line of NDJSON that
   *   is not JSON is one of them
   * @throws BodyMalformedError `body_malformed` if a JSON body is not JSON, or neither object nor array
   * @throws MalformedError `batch_too_large`, `batch_empty`
   */
  normalize(body: Uint8Array, type: "json" | "ndjson", receivedAt: string): EntryBatch {
    if (receivedAt.length !== TIMESTAMP_LENGTH) {
      throw new InvariantError("timestamp_malformed", `Not the time of an entry: ${receivedAt}`);
    }
    const writer = this.#writer;
    this.#count = 0;
    // The byte in front of an entry is the LF of the one before; the first one needs one of its own.
    writer.beginBody(body, 1);
    writer.output[0] = LINE_FEED;
    writer.beginBatch(receivedAt);
    try {
      if (type === "ndjson") this.#lines();
      else this.#json();
      if (this.#count === 0) throw new MalformedError("batch_empty", "The body has no event");
      if (writer.problems.length > 0) throw new EventRejectedError(writer.problems);
      return this.#batch();
    } finally {
      writer.endBody(OUTPUT_KEPT_BYTES);
    }
  }

  #lines(): void {
    const writer = this.#writer;
    const { input } = writer;
    // White space, and so blank lines, is skipped up to where the next event begins.
    while (writer.next() !== -1) {
      const start = writer.at;
      const lineFeed = input.indexOf(LINE_FEED, start);
      if (lineFeed !== -1) writer.end = lineFeed;
      try {
        this.#event();
        if (writer.next() !== -1) writer.fail("the end of the line");
      } catch (error) {
        if (!(error instanceof SyntaxFault)) throw error;
        writer.level = 0;
        writer.problem(`is not JSON: ${error.message}, at byte ${error.offset - start + 1} of the event`);
      }
      writer.at = writer.end;
      writer.end = input.length;
    }
  }

  #json(): void {
    const writer = this.#writer;
    try {
      const first = writer.next();
      if (first === -1) return;
      if (first === OPEN_BRACE) this.#event();
      else if (first === OPEN_BRACKET) this.#array();
      else writer.fail("an event or an array of events");
      if (writer.next() !== -1) writer.fail("the end of the body");
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      throw this.#notJson(error);
    }
  }

  #array(): void {
    const writer = this.#writer;
    writer.at++;
    if (writer.next() === CLOSE_BRACKET) {
      writer.at++;
      return;
    }
    do {
      this.#event();
    } while (writer.another(CLOSE_BRACKET));
  }

  /** Writes the entry of the event at the cursor, unless something is wrong with it or was wrong with one before. */
  #event(): void {
    const writer = this.#writer;
    const position = this.#count++;
    const { batchEventsMax } = this.#limits;
    if (position >= batchEventsMax) {
      throw new MalformedError("batch_too_large", `The body has more than ${batchEventsMax} events`);
    }
    const { at } = writer;
    const start = writer.to;
    writer.beginEvent(position);
    try {
      writer.event();
      if (writer.to - start > ENTRY_BYTES_MAX) writer.abandonTooLong();
    } catch (error) {
      writer.to = start;
      if (!(error instanceof EventAbandoned)) throw error;
      writer.at = at;
      writer.skipValue();
    }
    if (writer.problems.length > 0) {
      writer.to = start;
    } else {
      writer.output[writer.to++] = LINE_FEED;
      this.#ends[position] = writer.to - 1;
      this.#idLengths[position] = writer.idLength;
    }
  }

  /** What was written, in buffers of its own. */
  #batch(): EntryBatch {
    const count = this.#count;
    const { output, to } = this.#writer;
    const batch = {
      count,
      bytes: output.slice(1, to),
      ends: this.#ends.slice(0, count),
      leafHashes: hashLeaves(output, 1, this.#ends, count),
      idStarts: new Uint32Array(count),
      idLengths: this.#idLengths.slice(0, count),
      idHashes: new Uint32Array(2 * count),
    };
    for (let i = 0, start = ID_OFFSET; i < count; start = batch.ends[i++]! + ID_OFFSET) {
      batch.idStarts[i] = start;
      hashId(batch.bytes, start, batch.idLengths[i]!, this.#idHashSeed, batch.idHashes, 2 * i);
    }
    return batch;
  }

  #notJson({ message, offset }: SyntaxFault): BodyMalformedError {
    const { input, position } = this.#writer;
    let line = 1;
    let lineStart = 0;
    for (let at = 0; at < offset; at++) {
      if (input[at] !== LINE_FEED) continue;
      line++;
      lineStart = at + 1;
    }
    const place = { offset, line, column: offset - lineStart + 1, position };
    return new BodyMalformedError(`The body is not JSON: ${message}`, place);
  }
}

/**
 * The RFC 6962 leaf hashes of entries that follow each other in `bytes`, each with its LF: 32 bytes each. `ends` are
 * counted from `base`, where the first entry begins; the byte before it has to be an LF too.
 */
function hashLeaves(
  bytes: Uint8Array,
  base: number,
  ends: Uint32Array,
  count: number,
): Uint8Array<ArrayBuffer> {
  const hashes = Buffer.alloc(HASH_BYTES * count);
  for (let i = 0, start = base; i < count; i++) {
    const end = base + ends[i]!;
    // The leaf prefix takes the place of the LF in front, so that nothing is copied. A hash as a string of bytes
    // costs less than half of a hash as a Buffer.
    bytes[start - 1] = LEAF_PREFIX;
    const leafHash = hash("sha256", bytes.subarray(start - 1, end - 1), "binary");
    hashes.write(leafHash, HASH_BYTES * i, HASH_BYTES, "latin1");
    bytes[start - 1] = LINE_FEED;
    start = end;
  }
  return new Uint8Array(hashes.buffer);
}
