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

const LF = 0x0a;

/**
 * The leaf hashes of entry lines, each ended by LF: 32 bytes each, in order. Writes to `lines` while it works, and
 * leaves them as they were.
 */
export function hashLines(lines: Uint8Array): Uint8Array {
  const hashes: string[] = [];
  for (let at = 0; at < lines.length;) {
    const lf = lines.indexOf(LF, at);
    const end = lf < 0 ? lines.length : lf;
    if (at === 0) {
      hashes.push(Buffer.from(nativeHasher.leaf(lines.subarray(0, end))).toString("latin1"));
    } else {
      // The LF of the line before makes room for the prefix, which saves a copy.
      lines[at - 1] = 0;
      hashes.push(hashPrefixed(lines.subarray(at - 1, end)));
      lines[at - 1] = LF;
    }
    at = end + 1;
  }
  return Buffer.from(hashes.join(""), "latin1");
}
