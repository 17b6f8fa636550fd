import { MalformedError } from "./errors.ts";

// The web and Node both have them (WHATWG Encoding); the types of neither are wanted here.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: "utf-8",
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws MalformedError `utf8_malformed` if the string has a lone surrogate (it would not survive the trip) */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new MalformedError("utf8_malformed", "The string contains half of a surrogate pair");
  }
  return encoder.encode(text);
}

/**
 * Decodes strictly: no overlong forms, no surrogates, nothing above U+10FFFF, no truncation, and a byte order
 * mark is a character like any other. So `encodeUtf8(decodeUtf8(bytes))` is always `bytes`.
 *
 * @throws MalformedError `utf8_malformed`
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new MalformedError("utf8_malformed", "The bytes are not UTF-8", { cause });
  }
}

/** Whether there is an ASCII control character (below U+0020), the newline included. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x20) return true;
  }
  return false;
}
