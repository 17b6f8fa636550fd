import { hash } from "node:crypto";
import type { Hash, Hasher } from "@stele/proof";

/*
 * `crypto.hash` hands out a latin1 string two to five times as fast as a Buffer (docs/design/0002-write-path.md): the
 * string needs no external memory that the garbage collector has to track.
 */

const node = Buffer.alloc(65, 1);

/** SHA-256(0x00 ‖ entry) as a latin1 string of 32 characters; `prefixed` is the entry behind a byte 0x00. */
export function hashPrefixed(prefixed: Uint8Array): string {
  return hash("sha256", prefixed, "binary");
}

/** The two hash functions of an RFC 6962 tree on Node's native SHA-256. */
export const nativeHasher: Hasher = {
  leaf(entry: Uint8Array): Hash {
    const prefixed = Buffer.allocUnsafe(entry.length + 1);
    prefixed[0] = 0;
    prefixed.set(entry, 1);
    return Buffer.from(hashPrefixed(prefixed), "binary");
  },
  node(left: Hash, right: Hash): Hash {
    node.set(left, 1);
    node.set(right, 33);
    return Buffer.from(hash("sha256", node, "binary"), "latin1");
  },
};

/**
 * The leaf hash of the entry at `[from, to)`, as a latin1 string. The byte in front of it makes room for the prefix, which saves a copy, and
 * is as it was when this returns: no other thread may be at it meanwhile, such as one that writes it to a file.
 */
export function hashInPlace(bytes: Buffer, from: number, to: number): string {
  const before = bytes[from - 1]!;
  bytes[from - 1] = 0;
  const hashed = hashPrefixed(bytes.subarray(from - 1, to));
  bytes[from - 1] = before;
  return hashed;
}

/** The root over leaf hashes, all latin1 strings of 32 characters. Their number is a power of two, such as 256. */
export function rootOfPerfectTree(leafHashes: readonly string[]): string {
  let row = leafHashes;
  while (row.length > 1) {
    const above: string[] = [];
    for (let i = 0; i < row.length; i += 2) {
      node.write(row[i]!, 1, "latin1");
      node.write(row[i + 1]!, 33, "latin1");
      above.push(hash("sha256", node, "binary"));
    }
    row = above;
  }
  return row[0]!;
}

const LF = 0x0a;

/**
 * The leaf hashes of entry lines, each ended by LF: 32 bytes each, in order. Writes to `lines` while it works, and
 * leaves them as they were.
 */
export function hashLines(lines: Uint8Array): Uint8Array {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
  const hashes: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf;
    // What is in front of the first line is not ours.
    const first = at === 0 && Buffer.concat([new Uint8Array(1), bytes.subarray(0, end)]);
    hashes.push(first ? hashPrefixed(first) : hashInPlace(bytes, at, end));
    at = end + 1;
  }
  return Buffer.from(hashes.join(""), "latin1");
}
