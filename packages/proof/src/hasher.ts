import { sha256 } from "@noble/hashes/sha2.js";
import { MalformedError } from "./errors.ts";

/** A SHA-256 hash: exactly 32 bytes. Treated as immutable everywhere: never written to after it was made. */
export type Hash = Uint8Array;

export const HASH_LENGTH_BYTES = 32;

/**
 * The two hash functions of an RFC 6962 tree (section 2.1). Both return a new array each time.
 * Whoever has a faster SHA-256 at hand (Node's `crypto.hash`) passes in a hasher made of it; every function
 * and class that hashes takes one, and uses {@link sha256Hasher} without.
 */
export interface Hasher {
  /** SHA-256(0x00 ‖ entry) */
  leaf(entry: Uint8Array): Hash;
  /** SHA-256(0x01 ‖ left ‖ right) */
  node(left: Hash, right: Hash): Hash;
}

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** SHA-256 in plain JavaScript (@noble/hashes): runs everywhere, about 3 µs a hash. */
export const sha256Hasher: Hasher = {
  leaf(entry) {
    const bytes = new Uint8Array(1 + entry.length);
    bytes[0] = LEAF_PREFIX;
    bytes.set(entry, 1);
    return sha256(bytes);
  },
  // In one piece: each update of a hash in progress costs nearly as much as a block.
  node(left, right) {
    const bytes = new Uint8Array(1 + left.length + right.length);
    bytes[0] = NODE_PREFIX;
    bytes.set(left, 1);
    bytes.set(right, 1 + left.length);
    return sha256(bytes);
  },
};

/** The leaf hash of an entry, SHA-256(0x00 ‖ entry). RFC 6962 section 2.1. */
export function leafHash(entry: Uint8Array, hasher: Hasher = sha256Hasher): Hash {
  return hasher.leaf(entry);
}

/** The hash of an interior node, SHA-256(0x01 ‖ left ‖ right). RFC 6962 section 2.1. */
export function nodeHash(left: Hash, right: Hash, hasher: Hasher = sha256Hasher): Hash {
  return hasher.node(left, right);
}

/** The root of the tree without leaves: SHA-256 of nothing. RFC 6962 section 2.1. */
export function emptyRoot(): Hash {
  return sha256(new Uint8Array(0));
}

/** Compares all bytes. Hashes are public, so it need not take constant time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** @throws MalformedError `hash_malformed` unless it is an array of 32 bytes */
export function checkHash(name: string, hash: Hash): Hash {
  if (!(hash instanceof Uint8Array) || hash.length !== HASH_LENGTH_BYTES) {
    throw new MalformedError("hash_malformed", `${name} must be ${HASH_LENGTH_BYTES} bytes`);
  }
  return hash;
}

/** Hex, for messages: `e3b0c442…`. */
export function shortHex(hash: Hash): string {
  const head = Array.from(hash.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  return `${head.join("")}…`;
}
