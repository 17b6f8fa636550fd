import { MalformedError } from "./errors.ts";
import { decodeUtf8 } from "./utf8.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CODE = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const EQUALS = 0x3d;
/** What an ASCII character stands for; 64 for those that stand for nothing. */
const VALUE = new Uint8Array(128).fill(64);
for (const [value, code] of CODE.entries()) VALUE[code] = value;

/** Standard base64 with padding (RFC 4648 section 4), the only one that C2SP uses. */
export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(EQUALS);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    // Behind the end there are zeroes, and padding in place of what stands for nothing else.
    const there = bytes.length - at;
    const a = bytes[at]!;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    codes[length] = CODE[a >> 2]!;
    codes[length + 1] = CODE[((a & 3) << 4) | (b >> 4)]!;
    if (there > 1) codes[length + 2] = CODE[((b & 15) << 2) | (c >> 6)]!;
    if (there > 2) codes[length + 3] = CODE[c & 63]!;
    length += 4;
  }
  return decodeUtf8(codes);
}

/**
 * Decodes canonical base64 only: one text for each byte string, so unused bits must be zero and white space
 * is an error.
 *
 * @throws MalformedError `base64_malformed`
 */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length % 4 !== 0) throw notBase64(text);
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let length = 0;
  let buffer = 0;
  let bufferBits = 0;
  for (let at = 0; at < digits; at++) {
    const value = VALUE[text.charCodeAt(at)] ?? 64;
    if (value === 64) throw notBase64(text);
    buffer = ((buffer << 6) | value) & 0xfff;
    bufferBits += 6;
    if (bufferBits >= 8) {
      bufferBits -= 8;
      bytes[length++] = buffer >> bufferBits;
    }
  }
  if ((buffer & ((1 << bufferBits) - 1)) !== 0) throw notBase64(text);
  return bytes;
}

function notBase64(text: string): MalformedError {
  return new MalformedError(
    "base64_malformed",
    `${JSON.stringify(text.slice(0, 60))} is not canonical, padded base64`,
  );
}
