import {
  BACKSLASH,
  DOT,
  isDigit,
  LOWER_CASE,
  LOWER_E,
  LOWER_U,
  MINUS,
  PLUS,
  QUOTE,
  SPACE,
  ZERO,
} from "./ascii.ts";
import { EventCursor } from "./event-cursor.ts";
import { lowestBit } from "./lowest-bit.ts";

/** 1 for a byte that stands for itself inside a JSON string: ASCII from space on, but `"` and `\`. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** The value of a hexadecimal digit; 0x10000 for any other byte, so that one of them spoils a sum. */
const HEX_VALUE = Uint32Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 0x10000 : value;
});
const HEX_DIGITS = Buffer.from("0123456789abcdef");
/** The code point that a backslash and this letter stand for. */
const UNESCAPED = new Uint8Array(256);
/** The letter that stands behind a backslash for this code point. */
const ESCAPE_LETTER = new Uint8Array(0x80);
for (const pair of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"]) {
  const [letter, point] = [pair.charCodeAt(0), pair.charCodeAt(1)];
  UNESCAPED[letter] = point;
  if (pair !== "//") ESCAPE_LETTER[point] = letter;
}
/** No two numbers of so many digits read as the same double, so none has a shorter form but for its zeroes. */
const PLAIN_DIGITS_MAX = 15;

/**
 * Reads strings and numbers of strict JSON (RFC 8259) in UTF-8, and writes each as `JSON.stringify` writes what
 * `JSON.parse` makes of it. Makes no objects on the way.
 */
export class JsonScalars extends EventCursor {
  /** What is wrong with the string read last. */
  #fault: string | undefined;

  /** Transcodes the string at the cursor. */
  string(): void {
    this.#string();
    if (this.#fault !== undefined) this.problem(this.#fault);
  }

  /** Transcodes a key, and makes it the place of the cursor. */
  key(level: number): void {
    if (this.next() !== QUOTE) this.fail("a key in quotes");
    const key = this.to;
    this.#string();
    this.path[level] = key;
    if (this.#fault !== undefined) this.problem(`its key ${this.#fault}`);
  }

  /** Sets `#fault`. The usual bytes are done here, four at a time; the others, and the last of the body, elsewhere. */
  #string(): void {
    this.#fault = undefined;
    const { input, inputView, output, outputView } = this;
    let at = this.at + 1;
    let to = this.to;
    output[to++] = QUOTE;
    const stop = Math.min(inputView.byteLength - 4, at + this.limit - to);
    while (at <= stop) {
      const four = inputView.getInt32(at, true);
      outputView.setInt32(to, four, true);
      const special = specialBytes(four);
      if (special !== 0) {
        const plain = lowestBit(special) >> 3;
        at += plain;
        to += plain;
        break;
      }
      at += 4;
      to += 4;
    }
    this.at = at;
    this.to = to;
    while (this.at >= this.end || input[this.at] !== QUOTE) this.#unusual();
    this.at++;
    output[this.to++] = QUOTE;
  }

  /** Transcodes bytes of a string up to the next one that does not simply stand for itself, or that one too. */
  #unusual(): void {
    const { input, output } = this;
    if (this.at >= this.end) this.fail("the closing quote of a string");
    if (this.to >= this.limit) this.abandonTooLong();
    const byte = input[this.at]!;
    if (byte === BACKSLASH) this.#escape();
    else if (byte >= 0x80) this.#multiByte();
    else if (byte < SPACE) this.fail("a character of a string (control characters have to be escaped)");
    while (this.at < this.end && this.to < this.limit && PLAIN[input[this.at]!] !== 0) {
      output[this.to++] = input[this.at++]!;
    }
  }

  #multiByte(): void {
    const { input, output } = this;
    const length = utf8SequenceLength(input, this.at);
    if (length === 0) {
      this.at++;
      this.#spoil("is not valid UTF-8");
      return;
    }
    for (let i = 0; i < length; i++) output[this.to++] = input[this.at++]!;
  }

  #escape(): void {
    const letter = this.input[this.at + 1]!;
    let point = UNESCAPED[letter]!;
    if (letter === LOWER_U) {
      point = this.#codeUnit(this.at);
      this.at += 6;
    } else {
      if (this.at + 1 >= this.end || !point) this.fail("an escape sequence of JSON", this.at + 1);
      this.at += 2;
    }
    if (
      point >= 0xd800 &&
      point < 0xdc00 &&
      this.input[this.at] === BACKSLASH &&
      this.input[this.at + 1] === LOWER_U
    ) {
      const low = this.#codeUnit(this.at);
      if (low >= 0xdc00 && low < 0xe000) {
        this.at += 6;
        point = 0x10000 + ((point - 0xd800) << 10) + low - 0xdc00;
      }
    }
    if (point === 0) this.#spoil("has the character U+0000");
    else if (point >= 0xd800 && point < 0xe000) this.#spoil("has a lone surrogate");
    else this.#writePoint(point);
  }

  /** The UTF-16 code unit of the `\uXXXX` at `at`. */
  #codeUnit(at: number): number {
    const { input } = this;
    if (at + 6 > this.end) this.fail("four hexadecimal digits", this.end);
    let unit = 0;
    for (let i = at + 2; i < at + 6; i++) unit = unit * 16 + HEX_VALUE[input[i]!]!;
    if (unit > 0xffff) this.fail("four hexadecimal digits", at + 2);
    return unit;
  }

  #writePoint(point: number): void {
    const { output } = this;
    let to = this.to;
    if (point < 0x80) {
      const letter = ESCAPE_LETTER[point]!;
      if (letter !== 0) {
        output[to++] = BACKSLASH;
        output[to++] = letter;
      } else if (point >= SPACE) {
        output[to++] = point;
      } else {
        for (const byte of [BACKSLASH, LOWER_U, ZERO, ZERO]) output[to++] = byte;
        output[to++] = HEX_DIGITS[point >> 4]!;
        output[to++] = HEX_DIGITS[point & 15]!;
      }
    } else {
      if (point < 0x800) {
        output[to++] = 0xc0 | (point >> 6);
      } else {
        if (point < 0x10000) {
          output[to++] = 0xe0 | (point >> 12);
        } else {
          output[to++] = 0xf0 | (point >> 18);
          output[to++] = 0x80 | ((point >> 12) & 0x3f);
        }
        output[to++] = 0x80 | ((point >> 6) & 0x3f);
      }
      output[to++] = 0x80 | (point & 0x3f);
    }
    this.to = to;
  }

  /** Notes what is wrong with the present string, and writes a character in place of the bad one. */
  #spoil(fault: string): void {
    this.#fault ??= fault;
    this.#writePoint(0xfffd);
  }

  /** Transcodes the number at the cursor. What is certainly in its shortest form already is copied. */
  number(): void {
    const { input, output, end } = this;
    let { at, to } = this;
    if (input[at] === MINUS) {
      output[to++] = MINUS;
      at++;
    }
    const start = at;
    const stop = Math.min(end, start + PLAIN_DIGITS_MAX + 2);
    while (at < stop && isDigit(input[at]!)) output[to++] = input[at++]!;
    const zero = input[start] === ZERO;
    let digits = at - start;
    let plain = zero ? digits === 1 : digits > 0;
    if (at < end && input[at] === DOT) {
      output[to++] = input[at++]!;
      const point = at;
      while (at < stop && isDigit(input[at]!)) output[to++] = input[at++]!;
      // Below 0.000001 the shortest form has an exponent.
      plain &&= at > point && input[at - 1] !== ZERO && (!zero || at - point <= 6);
      digits += at - point;
    } else if (zero && start > this.at) {
      plain = false;
    }
    if (plain && digits <= PLAIN_DIGITS_MAX && (at >= end || (input[at]! | LOWER_CASE) !== LOWER_E)) {
      this.at = at;
      this.to = to;
    } else {
      this.#unusualNumber();
    }
  }

  #unusualNumber(): void {
    const { input } = this;
    const start = this.at;
    if (input[this.at] === MINUS) this.at++;
    if (this.at < this.end && input[this.at] === ZERO) this.at++;
    else this.#digits();
    if (this.at < this.end && input[this.at] === DOT) {
      this.at++;
      this.#digits();
    }
    if (this.at < this.end && (input[this.at]! | LOWER_CASE) === LOWER_E) {
      this.at++;
      if (this.at < this.end && (input[this.at] === PLUS || input[this.at] === MINUS)) this.at++;
      this.#digits();
    }
    const value = Number(input.toString("latin1", start, this.at));
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) this.problem("is a number beyond 2^53-1");
    const text = String(value);
    for (let i = 0; i < text.length; i++) this.output[this.to++] = text.charCodeAt(i);
  }

  /** Skips at least one digit. */
  #digits(): void {
    const start = this.at;
    while (this.at < this.end && isDigit(this.input[this.at]!)) this.at++;
    if (this.at === start) this.fail("a digit");
  }
}

/**
 * The top bit of each of four bytes that does not simply stand for itself in a string (below 0x20, `"`, `\\`, or above 0x7f);
 * above the lowest such byte, possibly of others too. 0 if there is none.
 */
function specialBytes(four: number): number {
  // A subtraction sets the top bit of a byte that is smaller than what is taken from it.
  const control = four - 0x20202020;
  const quote = (four ^ 0x22222222) - 0x01010101;
  const backslash = (four ^ 0x5c5c5c5c) - 0x01010101;
  return (control | quote | backslash | four) & 0x80808080;
}

/** The length of the UTF-8 sequence of 2–4 bytes at `at`, or 0 if there is none (Unicode, table 3-7) or no end of it. */
function utf8SequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const second = bytes[at + 1]!;
  if (lead < 0xc2 || lead > 0xf4 || !isContinuation(second)) return 0;
  if (lead < 0xe0) return 2;
  if (!isContinuation(bytes[at + 2]!)) return 0;
  // Not shorter than it has to be, and no surrogate.
  if (lead < 0xf0) return (lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f) ? 0 : 3;
  if (!isContinuation(bytes[at + 3]!)) return 0;
  // Not shorter than it has to be, and not above U+10FFFF.
  return (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f) ? 0 : 4;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}
