import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isDigit,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./ascii.ts";
import { JsonScalars } from "./json-scalars.ts";
import { FREE_DATA_DEPTH_MAX } from "./limits.ts";
import { phrase } from "./phrase.ts";

const TRUE = phrase("true");
const FALSE = phrase("false");
const NULL = phrase("null");

/** The keys of an object are compared with each other up to this many; further ones are looked up in a set. */
const KEYS_COMPARED_MAX = 64;
/** Free data, and the objects of the entry that it is in. */
const OBJECTS_OPEN_MAX = FREE_DATA_DEPTH_MAX + 3;

export const DUPLICATE_KEY = "is there twice in the same object";

/**
 * Reads strict JSON (RFC 8259) in UTF-8 byte by byte, and writes the same value in the normal form of an entry: what
 * `JSON.stringify` makes of what `JSON.parse` makes of it, but with the keys in the order of the input. Makes no
 * objects on the way.
 */
export class JsonTranscoder extends JsonScalars {
  /** Where the first keys of each open object begin and end in `output`: a stack. */
  readonly #keys = new Uint32Array(2 * KEYS_COMPARED_MAX * OBJECTS_OPEN_MAX);
  /** The top of it: what {@link noteKey} is to be given for an object that begins now, and is set back to at its end. */
  keysTop = 0;

  override beginEvent(position: number): void {
    super.beginEvent(position);
    this.keysTop = 0;
  }

  /**
   * Transcodes the value at the cursor, whose first byte is `first`. `depth` is the number of objects and arrays of free
   * data that it is in.
   */
  value(first: number, depth: number): void {
    if (first === QUOTE) this.string();
    else if (first === OPEN_BRACE) this.#object(depth + 1);
    else if (first === OPEN_BRACKET) this.#array(depth + 1);
    else if (first === MINUS || isDigit(first)) this.number();
    else if (this.take(TRUE)) this.write(TRUE);
    else if (this.take(FALSE)) this.write(FALSE);
    else if (this.take(NULL)) this.write(NULL);
    else this.fail("a value");
  }

  /** Skips a `null` if it is at the cursor. @returns whether it was */
  takeNull(): boolean {
    return this.take(NULL);
  }

  /** Skips the value at the cursor, however deep it is, without judging more of it than where it ends. */
  skipValue(): void {
    let depth = 0;
    do {
      if (this.at >= this.end) this.fail("the rest of the event");
      const byte = this.input[this.at++];
      if (byte === QUOTE) this.#skipString();
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    } while (depth > 0);
  }

  /** Skips the rest of a string. */
  #skipString(): void {
    while (this.at < this.end && this.input[this.at] !== QUOTE) {
      this.at += this.input[this.at] === BACKSLASH ? 2 : 1;
    }
    this.at++;
  }

  /** Skips `,` and says `true`, or skips the closing byte and says `false`. */
  another(close: number): boolean {
    const byte = this.next();
    if (byte !== COMMA && byte !== close) this.fail(close === CLOSE_BRACE ? '"," or "}"' : '"," or "]"');
    this.at++;
    return byte === COMMA;
  }

  /** Skips `:`. */
  colon(): void {
    if (this.next() !== COLON) this.fail('":"');
    this.at++;
  }

  #object(depth: number): void {
    if (depth > FREE_DATA_DEPTH_MAX) this.abandonTooDeep();
    const level = this.enter();
    const keysBase = this.keysTop;
    let moreKeys: Set<string> | undefined;
    this.output[this.to++] = OPEN_BRACE;
    this.at++;
    if (this.next() === CLOSE_BRACE) {
      this.at++;
      this.output[this.to++] = CLOSE_BRACE;
    } else {
      do {
        const key = this.to;
        this.key(level);
        moreKeys = this.noteKey(keysBase, key, moreKeys);
        this.output[this.to++] = COLON;
        this.colon();
        this.value(this.next(), depth);
        this.output[this.to++] = COMMA;
      } while (this.another(CLOSE_BRACE));
      this.output[this.to - 1] = CLOSE_BRACE;
    }
    this.keysTop = keysBase;
    this.level = level;
  }

  #array(depth: number): void {
    if (depth > FREE_DATA_DEPTH_MAX) this.abandonTooDeep();
    const level = this.enter();
    this.output[this.to++] = OPEN_BRACKET;
    this.at++;
    if (this.next() === CLOSE_BRACKET) {
      this.at++;
      this.output[this.to++] = CLOSE_BRACKET;
    } else {
      let index = 0;
      do {
        this.path[level] = ~index++;
        this.value(this.next(), depth);
        this.output[this.to++] = COMMA;
        if (this.to > this.limit) this.abandonTooLong();
      } while (this.another(CLOSE_BRACKET));
      this.output[this.to - 1] = CLOSE_BRACKET;
    }
    this.level = level;
  }

  /**
   * Records a problem if the key that was just written at `start` is among the keys noted since `base` or in `more`,
   * and notes it. @returns `more`, made when it is needed
   */
  noteKey(base: number, start: number, more: Set<string> | undefined): Set<string> | undefined {
    const { output } = this;
    const keys = this.#keys;
    const end = this.to;
    const top = this.keysTop;
    for (let k = base; k < top; k += 2) {
      const other = keys[k]!;
      if (keys[k + 1]! - other !== end - start) continue;
      let i = 0;
      while (start + i < end && output[start + i] === output[other + i]) i++;
      if (start + i === end) this.problem(DUPLICATE_KEY);
    }
    if (top - base < 2 * KEYS_COMPARED_MAX) {
      keys[top] = start;
      keys[top + 1] = end;
      this.keysTop = top + 2;
      return undefined;
    }
    const set = more ?? new Set();
    const key = Buffer.from(output.buffer, start, end - start).toString("latin1");
    if (set.has(key)) this.problem(DUPLICATE_KEY);
    return set.add(key);
  }

  abandonTooDeep(): never {
    this.abandon(`is nested deeper than ${FREE_DATA_DEPTH_MAX} levels`);
  }
}
