import { EventRejectedError, type EventProblem } from "./errors.ts";
import { ENTRY_BYTES_MAX } from "./limits.ts";
import type { Phrase } from "./phrase.ts";

/** The input is not JSON at `offset`. Never leaves this folder: the normalizer knows what it means for the batch. */
export class SyntaxFault extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** A problem of the present event is recorded that makes reading on in it useless. Never leaves this folder. */
export class EventAbandoned extends Error {}

/** In a path: the key is not read yet, so that the place is the object or array itself. */
export const KEY_PENDING = -0x8000_0000;

/** A path that is longer is cut: keys may be long, and there may be many problems. */
const PATH_LENGTH_MAX = 1024;

/** What the final length of an entry may be below its length on the way: parts that are dropped again. */
const SHRINK_BYTES_MAX = 1024;
/** What is written at most between two looks at the limit. */
const OUTPUT_SLACK_BYTES = 4096;
/** The room for one event that the output has to have. Twice: putting keys in order takes a copy. */
const RESERVE_BYTES = 2 * (ENTRY_BYTES_MAX + SHRINK_BYTES_MAX + OUTPUT_SLACK_BYTES);

const NO_INPUT = Buffer.alloc(0);

/** Where an event is being read and its entry written, and what was found wrong so far. */
export class EventCursor {
  input: Buffer = NO_INPUT;
  inputView = viewOf(NO_INPUT);
  /** The next byte to read. */
  at = 0;
  /** Where reading ends. */
  end = 0;

  output: Uint8Array<ArrayBuffer>;
  outputView: DataView;
  /** The next byte to write. */
  to = 0;
  /** Past it, the entry is certainly too long. */
  limit = 0;

  /** Of all events since it was last emptied. */
  problems: EventProblem[] = [];
  /** Which event it is. */
  position = 0;
  /** The place in the event, outermost first: where a key begins in `output`, or ~index in an array. */
  readonly path = new Int32Array(64);
  level = 0;

  readonly #problemsMax: number;

  constructor(problemsMax: number, outputBytes: number) {
    this.#problemsMax = problemsMax;
    this.output = new Uint8Array(Math.max(outputBytes, RESERVE_BYTES));
    this.outputView = viewOf(this.output);
  }

  /** Makes ready for reading a body, and for writing from `output[to]` on. */
  beginBody(body: Uint8Array, to: number): void {
    this.input = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.inputView = viewOf(body);
    this.at = 0;
    this.end = body.length;
    this.to = to;
    this.position = 0;
    this.problems = [];
  }

  /** Makes ready for writing the event at `position`: makes room for it, forgets the place of the one before. */
  beginEvent(position: number): void {
    if (this.output.length - this.to < RESERVE_BYTES) {
      const larger = new Uint8Array(2 * this.output.length);
      larger.set(this.output.subarray(0, this.to));
      this.#use(larger);
    }
    this.limit = this.to + ENTRY_BYTES_MAX + SHRINK_BYTES_MAX;
    this.position = position;
    this.level = 0;
  }

  /** Lets go of the body, and of more output than is to be kept. */
  endBody(outputBytesKept: number): void {
    this.input = NO_INPUT;
    this.inputView = viewOf(NO_INPUT);
    if (this.output.length > outputBytesKept) this.#use(new Uint8Array(outputBytesKept));
  }

  #use(output: Uint8Array<ArrayBuffer>): void {
    this.output = output;
    this.outputView = viewOf(output);
  }

  /** Goes one level down. The place there is pending until `path` is set. @returns the level of its key in `path` */
  enter(): number {
    this.path[this.level] = KEY_PENDING;
    return this.level++;
  }

  /** Skips white space. @returns the byte that follows, or -1 at the end */
  next(): number {
    const { input, end } = this;
    let at = this.at;
    while (at < end) {
      const byte = input[at]!;
      if (byte > 0x20) break;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.at = at;
    return at < end ? input[at]! : -1;
  }

  /** Skips the phrase if it is at the cursor. @returns whether it was */
  take({ words, lastMask, lengthBytes }: Phrase): boolean {
    const { at, inputView } = this;
    const last = words.length - 1;
    if (at + 4 * words.length > inputView.byteLength) return this.#takeAtEnd(words, lengthBytes);
    for (let i = 0; i < last; i++) if (inputView.getInt32(at + 4 * i, true) !== words[i]) return false;
    if ((inputView.getInt32(at + 4 * last, true) & lastMask) !== words[last]) return false;
    this.at = at + lengthBytes;
    return true;
  }

  #takeAtEnd(words: Int32Array, lengthBytes: number): boolean {
    for (let i = 0; i < lengthBytes; i++) {
      if (this.input[this.at + i] !== ((words[i >> 2]! >>> (8 * (i & 3))) & 0xff)) return false;
    }
    this.at += lengthBytes;
    return true;
  }

  write({ words, lengthBytes }: Phrase): void {
    const { to, outputView } = this;
    for (let i = 0; i < words.length; i++) outputView.setInt32(to + 4 * i, words[i]!, true);
    this.to = to + lengthBytes;
  }

  /** The text is not JSON here. @throws SyntaxFault */
  fail(expected: string, at = this.at): never {
    const byte = at < this.end ? this.input[at]! : -1;
    const found =
      byte === -1
        ? "the text ends"
        : byte > 0x20 && byte < 0x7f
          ? `there is ${JSON.stringify(String.fromCharCode(byte))}`
          : `there is the byte 0x${byte.toString(16).padStart(2, "0")}`;
    throw new SyntaxFault(Math.min(at, this.end), `${found} where ${expected} is expected`);
  }

  /**
   * Records that the value at the present place (or its member `key`) is wrong, and lets the reading go on.
   *
   * @throws EventRejectedError if that are as many problems as are to be named
   */
  problem(reason: string, key?: string): void {
    let path = "";
    for (let level = 0; level < this.level; level++) {
      const place = this.path[level]!;
      if (place === KEY_PENDING) break;
      path += `/${place < 0 ? ~place : pointerToken(this.#writtenString(place))}`;
    }
    if (key !== undefined) path += `/${key}`;
    if (path.length > PATH_LENGTH_MAX) path = `${path.slice(0, PATH_LENGTH_MAX).toWellFormed()}…`;
    this.problems.push({ position: this.position, path, reason });
    if (this.problems.length >= this.#problemsMax) throw new EventRejectedError(this.problems);
  }

  /** Records a problem after which it makes no sense to read on in the event. @throws EventAbandoned */
  abandon(reason: string): never {
    this.problem(reason);
    throw new EventAbandoned(reason);
  }

  abandonTooLong(): never {
    this.level = 0;
    this.abandon(`the entry is over ${ENTRY_BYTES_MAX} bytes`);
  }

  /** The JSON string that begins in `output` at the quote at `start`. */
  #writtenString(start: number): string {
    let end = start + 1;
    while (this.output[end] !== 0x22) end += this.output[end] === 0x5c ? 2 : 1;
    return this.text(start + 1, end);
  }

  /** The value of the JSON string whose inside is in `output` at `[start, end)`. */
  text(start: number, end: number): string {
    return String(JSON.parse(`"${Buffer.from(this.output.buffer, start, end - start).toString()}"`));
  }
}

/** RFC 6901 section 3. */
function pointerToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
