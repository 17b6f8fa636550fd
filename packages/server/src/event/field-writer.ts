import { canonicalIp, OUTCOMES } from "@stele/query";
import { DOT, isDigit, ONE, QUOTE } from "./ascii.ts";
import { isDottedDecimal } from "./dotted-decimal.ts";
import { ACTION_LENGTH_MAX, ID_LENGTH_MAX } from "./entry-schema.ts";
import { JsonTranscoder } from "./json-transcoder.ts";
import { phrase } from "./phrase.ts";
import { normaliseTimestamp, TIMESTAMP_LENGTH } from "./timestamp.ts";

const ACTION_LETTERS = asciiSet("abcdefghijklmnopqrstuvwxyz0123456789_-");
const ID_LETTERS = asciiSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+=~-");
const OUTCOME_PHRASES = OUTCOMES.map((outcome) => phrase(`"${outcome}"`));

/** Reads and writes the values of an entry that are more than JSON: each by the rule of docs/spec/entry.md. */
export class FieldWriter extends JsonTranscoder {
  /** The length of the `id` of the entry written last. */
  idLength = 0;

  /**
   * Transcodes a string, whose first byte is `first`. @returns where its inside begins in the output (it ends before
   * `to - 1`), or -1 if it is no string, and then the problem is recorded
   */
  #stringInside(first: number): number {
    if (first !== QUOTE) {
      this.wrong(first, "must be a string");
      return -1;
    }
    const start = this.to + 1;
    this.string();
    return start;
  }

  /** Lengths are in code points. */
  protected textValue(first: number, charactersMin: number, charactersMax: number): void {
    const start = this.#stringInside(first);
    const lengthBytes = this.to - 1 - start;
    if (start === -1 || (lengthBytes >= charactersMin && lengthBytes <= charactersMax)) return;
    const characters = Array.from(this.text(start, this.to - 1)).length;
    if (characters < charactersMin) this.problem("must not be empty");
    if (characters > charactersMax) this.problem(`is longer than ${charactersMax} characters`);
  }

  protected idValue(first: number): void {
    const start = this.#stringInside(first);
    if (start === -1) return;
    const { output } = this;
    const end = this.to - 1;
    let allowed = 1;
    for (let at = start; at < end; at++) allowed &= ID_LETTERS[output[at]!]!;
    this.idLength = end - start;
    if (allowed === 0 || this.idLength < 1 || this.idLength > ID_LENGTH_MAX) {
      this.problem(`must be 1 to ${ID_LENGTH_MAX} of the characters 0-9 A-Z a-z . _ : / @ + = ~ -`);
    }
  }

  protected actionValue(first: number): void {
    const start = this.#stringInside(first);
    if (start === -1) return;
    const { output } = this;
    const end = this.to - 1;
    let valid = end - start <= ACTION_LENGTH_MAX;
    // A letter stands before each dot and before the end.
    for (let at = start, letter = false; at <= end && valid; at++) {
      const isLetter = at < end && ACTION_LETTERS[output[at]!] === 1;
      valid = isLetter || (letter && (at === end || output[at] === DOT));
      letter = isLetter;
    }
    if (!valid) {
      this.problem(`must be dotted lower case like document.updated, up to ${ACTION_LENGTH_MAX} characters`);
    }
  }

  protected outcomeValue(first: number): void {
    for (const word of OUTCOME_PHRASES) {
      if (this.take(word)) {
        this.write(word);
        return;
      }
    }
    const start = this.#stringInside(first);
    if (start === -1 || OUTCOMES.includes(this.text(start, this.to - 1))) return;
    this.problem(`must be one of ${OUTCOMES.join(", ")}`);
  }

  protected timestampValue(first: number): void {
    const start = this.#stringInside(first);
    if (start === -1) return;
    const fault = normaliseTimestamp(this.output, start, this.to - 1);
    if (fault !== undefined) this.problem(fault);
    this.to = start + TIMESTAMP_LENGTH;
    this.output[this.to++] = QUOTE;
  }

  protected ipValue(first: number): void {
    const start = this.#stringInside(first);
    if (start === -1 || isDottedDecimal(this.output, start, this.to - 1)) return;
    const address = canonicalIp(this.text(start, this.to - 1));
    if (address === undefined) {
      this.problem("must be an IPv4 or IPv6 address");
      return;
    }
    this.to = start;
    for (let i = 0; i < address.length; i++) this.output[this.to++] = address.charCodeAt(i);
    this.output[this.to++] = QUOTE;
  }

  protected sequenceValue(first: number): void {
    const start = this.to;
    this.value(first, 0);
    for (let at = start; at < this.to; at++) {
      if (isDigit(this.output[at]!)) continue;
      this.problem("must be a whole number from 0 to 2^53-1");
      break;
    }
  }

  protected versionValue(first: number): void {
    const start = this.to;
    this.value(first, 0);
    if (this.to !== start + 1 || this.output[start] !== ONE) this.problem("must be 1");
  }

  /** Transcodes a value that is of the wrong type. */
  protected wrong(first: number, reason: string): void {
    if (first === -1) this.fail("a value");
    this.problem(reason);
    this.value(first, 0);
  }
}

/** 1 for each of these characters. */
function asciiSet(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}
