import { DOT, isDigit, ONE, QUOTE } from "./ascii.ts";
import { ACTION_LENGTH_MAX, ID_LENGTH_MAX, OUTCOMES } from "./entry-schema.ts";
import { canonicalIp } from "./ip-address.ts";
import { JsonTranscoder } from "./json-transcoder.ts";
import { normaliseTimestamp, TIMESTAMP_LENGTH } from "./timestamp.ts";

const ACTION_LETTERS = asciiSet("abcdefghijklmnopqrstuvwxyz0123456789_-");
const ID_LETTERS = asciiSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+=~-");
const OUTCOME_WORDS = OUTCOMES.map((outcome) => Buffer.from(`"${outcome}"`));

/** Reads and writes the values of an entry that are more than JSON: each by the rule of docs/spec/entry.md. */
export class FieldWriter extends JsonTranscoder {
  /** The length of the `id` of the entry written last. */
  idLength = 0;

  /** Transcodes a string. @returns where its inside begins in the output (it ends before `to - 1`), or -1 if it is none */
  #stringInside(): number {
    if (this.next() !== QUOTE) {
      this.wrong("must be a string");
      return -1;
    }
    const start = this.to + 1;
    this.string();
    return start;
  }

  protected textValue(charactersMin: number, charactersMax: number): void {
    const start = this.#stringInside();
    const lengthBytes = this.to - 1 - start;
    if (start === -1 || (lengthBytes >= charactersMin && lengthBytes <= charactersMax)) return;
    const characters = Array.from(this.text(start, this.to - 1)).length;
    if (characters < charactersMin) this.problem("must not be empty");
    if (characters > charactersMax) this.problem(`is longer than ${charactersMax} characters`);
  }

  protected idValue(): void {
    const start = this.#stringInside();
    if (start === -1) return;
    this.idLength = this.to - 1 - start;
    let valid = this.idLength >= 1 && this.idLength <= ID_LENGTH_MAX;
    for (let at = start; at < this.to - 1; at++) valid &&= ID_LETTERS[this.output[at]!] === 1;
    if (!valid) this.problem(`must be 1 to ${ID_LENGTH_MAX} of the characters 0-9 A-Z a-z . _ : / @ + = ~ -`);
  }

  protected actionValue(): void {
    const start = this.#stringInside();
    if (start === -1) return;
    const { output } = this;
    const end = this.to - 1;
    let valid = end - start <= ACTION_LENGTH_MAX;
    // A dot stands between two words, so what is before it, and the end, is a letter.
    for (let at = start, letter = false; at <= end && valid; at++) {
      const isLetter = at < end && ACTION_LETTERS[output[at]!] === 1;
      valid = isLetter || (letter && (at === end || output[at] === DOT));
      letter = isLetter;
    }
    if (!valid)
      this.problem(`must be dotted lower case like document.updated, up to ${ACTION_LENGTH_MAX} characters`);
  }

  protected outcomeValue(): void {
    const start = this.#stringInside();
    if (start === -1) return;
    const known = OUTCOME_WORDS.some((word) => this.#wrote(start - 1, word));
    if (!known) this.problem(`must be one of ${OUTCOMES.join(", ")}`);
  }

  protected timestampValue(): void {
    const start = this.#stringInside();
    if (start === -1) return;
    const fault = normaliseTimestamp(this.output, start, this.to - 1);
    if (fault !== undefined) this.problem(fault);
    this.to = start + TIMESTAMP_LENGTH;
    this.output[this.to++] = QUOTE;
  }

  protected ipValue(): void {
    const start = this.#stringInside();
    if (start === -1) return;
    const address = canonicalIp(this.text(start, this.to - 1));
    if (address === undefined) {
      this.problem("must be an IPv4 or IPv6 address");
      return;
    }
    this.to = start;
    for (let i = 0; i < address.length; i++) this.output[this.to++] = address.charCodeAt(i);
    this.output[this.to++] = QUOTE;
  }

  protected sequenceValue(): void {
    const start = this.to;
    this.value(0);
    let valid = true;
    for (let at = start; at < this.to; at++) valid &&= isDigit(this.output[at]!);
    if (!valid) this.problem("must be a whole number from 0 to 2^53-1");
  }

  protected versionValue(): void {
    const start = this.to;
    this.value(0);
    if (this.to !== start + 1 || this.output[start] !== ONE) this.problem("must be 1");
  }

  /** Transcodes a value that is of the wrong type. */
  protected wrong(reason: string): void {
    this.problem(reason);
    this.value(0);
  }

  protected copy(bytes: Uint8Array): void {
    const { output } = this;
    let { to } = this;
    for (let i = 0; i < bytes.length; i++) output[to++] = bytes[i]!;
    this.to = to;
  }

  /** Whether what was written from `start` on are these bytes. */
  #wrote(start: number, bytes: Uint8Array): boolean {
    if (this.to - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.output[start + i] !== bytes[i]) return false;
    return true;
  }
}

/** 1 for each of these characters. */
function asciiSet(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}
