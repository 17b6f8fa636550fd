import { MalformedError } from "./errors.ts";

// TextEncoder and TextDecoder belong to the web and to Node, not to the language: this package does without.

/** @throws MalformedError `utf8_malformed` if the string has a lone surrogate (it would not survive the trip) */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new MalformedError("utf8_malformed", "The string contains half of a surrogate pair");
  }
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      bytes[length++] = unit;
      continue;
    }
    const point = text.codePointAt(at)!;
    if (point > 0xffff) at++;
    if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        bytes[length++] = 0xe0 | (point >> 12);
      } else {
        bytes[length++] = 0xf0 | (point >> 18);
        bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[length++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, length);
}

/**
 * Decodes strictly: no overlong forms, no surrogates, nothing above U+10FFFF, no truncation, and a byte order
 * mark is a character like any other. So `encodeUtf8(decodeUtf8(bytes))` is always `bytes`.
 *
 * @throws MalformedError `utf8_malformed`
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a string that grows by one character at a time takes some 30 bytes for each.
  const units = new Uint16Array(Math.min(bytes.length, PIECE_LENGTH));
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    // A character takes two units at most.
    if (count > PIECE_LENGTH - 2) {
      text += stringOf(units.subarray(0, count));
      count = 0;
    }
    const lead = bytes[at]!;
    if (lead < 0x80) {
      units[count++] = lead;
      at++;
      continue;
    }
    const length = sequenceLength(lead);
    // A lead byte of n bytes keeps 7-n bits.
    let point = lead & (0x7f >> length);
    for (let i = 1; i < length; i++) {
      const next = bytes[at + i];
      if (next === undefined || next < 0x80 || next > 0xbf) throw notUtf8(at);
      point = (point << 6) | (next & 0x3f);
    }
    if (point < SMALLEST[length]! || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw notUtf8(at);
    }
    if (point < 0x10000) units[count++] = point;
    else {
      units[count++] = 0xd800 + ((point - 0x10000) >> 10);
      units[count++] = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    at += length;
  }
  return text + stringOf(units.subarray(0, count));
}

const PIECE_LENGTH = 4096;

/** How many bytes a lead byte from 0x80 on announces, or 0 if it can't lead. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** The smallest code point that needs so many bytes; 0 bytes (a wrong lead byte) suit none, and one byte is read above. */
const SMALLEST = [Infinity, Infinity, 0x80, 0x800, 0x10000];

function notUtf8(offset: number): MalformedError {
  return new MalformedError("utf8_malformed", `The bytes are not UTF-8 at offset ${offset}`);
}

/** Whether there is an ASCII control character (below U+0020), the newline included. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x20) return true;
  }
  return false;
}

/** The string of some thousand UTF-16 code units at most: they become arguments of one call, without an iterator. */
export function stringOf(units: Uint8Array | Uint16Array): string {
  return Reflect.apply(String.fromCharCode, undefined, units);
}
