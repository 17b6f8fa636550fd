import { MalformedError } from "./errors.ts";
import { checkInteger } from "./integer.ts";
import { TILE_WIDTH } from "./tile.ts";

/** The longest entry that fits behind a 16-bit length. */
export const ENTRY_LENGTH_BYTES_MAX = 65_535;

const LENGTH_PREFIX_BYTES = 2;

/** The longest possible bundle: 256 of the longest entries. For callers that limit what they download. */
export const BUNDLE_LENGTH_BYTES_MAX = TILE_WIDTH * (LENGTH_PREFIX_BYTES + ENTRY_LENGTH_BYTES_MAX);

/**
 * Concatenates entries, each behind its length as a big-endian 16-bit integer. c2sp.org/tlog-tiles, "Log
 * entries". The entries may be empty, and are bytes of any kind.
 *
 * @throws MalformedError `bundle_malformed` unless there are 1 to 256 entries, `entry_too_long`
 */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length < 1 || entries.length > TILE_WIDTH) {
    throw new MalformedError(
      "bundle_malformed",
      `A bundle has 1 to ${TILE_WIDTH} entries, not ${entries.length}`,
    );
  }
  let length = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_LENGTH_BYTES_MAX) {
      throw new MalformedError(
        "entry_too_long",
        `An entry of ${entry.length} bytes exceeds the ${ENTRY_LENGTH_BYTES_MAX} that a bundle can hold`,
      );
    }
    length += LENGTH_PREFIX_BYTES + entry.length;
  }
  const bundle = new Uint8Array(length);
  let at = 0;
  for (const entry of entries) {
    bundle[at] = entry.length >> 8;
    bundle[at + 1] = entry.length & 0xff;
    bundle.set(entry, at + LENGTH_PREFIX_BYTES);
    at += LENGTH_PREFIX_BYTES + entry.length;
  }
  return bundle;
}

/**
 * Splits a bundle into its entries, which are not authenticated by that. They are views of `bytes`.
 *
 * @param width how many entries there must be: 256, or the width of the partial bundle
 * @throws MalformedError `bundle_malformed` if there are fewer or more, or one is cut off
 */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  checkInteger("width", width, 1, TILE_WIDTH);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const begin = at + LENGTH_PREFIX_BYTES;
    if (begin > bytes.length) throw malformed(`ends after ${entries.length} of ${width} entries`);
    const end = begin + (bytes[at]! << 8) + bytes[at + 1]!;
    if (end > bytes.length) throw malformed(`ends inside entry ${entries.length}`);
    entries.push(bytes.subarray(begin, end));
    at = end;
  }
  if (at !== bytes.length) throw malformed(`has ${bytes.length - at} bytes after its ${width} entries`);
  return entries;
}

function malformed(reason: string): MalformedError {
  return new MalformedError("bundle_malformed", `The entry bundle ${reason}`);
}
