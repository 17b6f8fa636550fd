import { MalformedError } from "./errors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Standard base64 with padding (RFC 4648 section 4), the only one that C2SP uses. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b, c] = [bytes[at]!, bytes[at + 1], bytes[at + 2]];
    text += ALPHABET[a >> 2]! + ALPHABET[((a & 3) << 4) | ((b ?? 0) >> 4)]!;
    text += b === undefined ? "=" : ALPHABET[((b & 15) << 2) | ((c ?? 0) >> 6)]!;
    text += c === undefined ? "=" : ALPHABET[c & 63]!;
  }
  return text;
}

/**
 * Decodes canonical base64 only: one text for each byte string, so unused bits must be zero and white space
 * is an error.
 *
 * @throws MalformedError `base64_malformed`
 */
export function decodeBase64(text: string): Uint8Array {
  if (!FORM.test(text)) throw notBase64(text);
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let length = 0;
  let buffer = 0;
  let bufferBits = 0;
  for (const digit of digits) {
    buffer = ((buffer << 6) | ALPHABET.indexOf(digit)) & 0xfff;
    bufferBits += 6;
    if (bufferBits >= 8) {
      bufferBits -= 8;
      bytes[length++] = buffer >> bufferBits;
    }
  }
  if (encodeBase64(bytes) !== text) throw notBase64(text);
  return bytes;
}

function notBase64(text: string): MalformedError {
  return new MalformedError(
    "base64_malformed",
    `${JSON.stringify(text.slice(0, 60))} is not canonical, padded base64`,
  );
}
