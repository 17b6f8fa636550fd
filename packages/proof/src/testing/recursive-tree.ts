/**
 * RFC 6962 section 2.1, word for word: slow, recursive, and sharing nothing with the code under test but the
 * hash functions. D[n] is the list of the first n leaf hashes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Hash, Hasher } from "../hasher.ts";

/** The largest power of two smaller than n. */
function k(n: number): number {
  return n <= 2 ? 1 : 2 * k(Math.ceil(n / 2));
}

/** MTH(D[n]) */
export function merkleTreeHash(d: readonly Hash[], hasher: Hasher): Hash {
  const n = d.length;
  if (n === 0) return sha256(new Uint8Array(0));
  if (n === 1) return d[0]!;
  return hasher.node(merkleTreeHash(d.slice(0, k(n)), hasher), merkleTreeHash(d.slice(k(n)), hasher));
}

/** PATH(m, D[n]) */
export function auditPath(m: number, d: readonly Hash[], hasher: Hasher): Hash[] {
  const n = d.length;
  if (n === 1) return [];
  const [left, right] = [d.slice(0, k(n)), d.slice(k(n))];
  return m < k(n)
    ? [...auditPath(m, left, hasher), merkleTreeHash(right, hasher)]
    : [...auditPath(m - k(n), right, hasher), merkleTreeHash(left, hasher)];
}

/** PROOF(m, D[n]) = SUBPROOF(m, D[n], true) */
export function consistencyProof(m: number, d: readonly Hash[], hasher: Hasher, b = true): Hash[] {
  const n = d.length;
  if (m === n) return b ? [] : [merkleTreeHash(d, hasher)];
  const [left, right] = [d.slice(0, k(n)), d.slice(k(n))];
  return m <= k(n)
    ? [...consistencyProof(m, left, hasher, b), merkleTreeHash(right, hasher)]
    : [...consistencyProof(m - k(n), right, hasher, false), merkleTreeHash(left, hasher)];
}

/** The same definitions over ranges of leaves in place of hashes, for trees of any size. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

export function auditPathRanges(m: number, { begin, end }: LeafRange): LeafRange[] {
  if (end - begin === 1) return [];
  const middle = begin + k(end - begin);
  const [left, right] = [
    { begin, end: middle },
    { begin: middle, end },
  ];
  return m < middle ? [...auditPathRanges(m, left), right] : [...auditPathRanges(m, right), left];
}

export function consistencyRanges(m: number, { begin, end }: LeafRange, b = true): LeafRange[] {
  if (m === end) return b ? [] : [{ begin, end }];
  const middle = begin + k(end - begin);
  const [left, right] = [
    { begin, end: middle },
    { begin: middle, end },
  ];
  return m <= middle
    ? [...consistencyRanges(m, left, b), right]
    : [...consistencyRanges(m, right, false), left];
}

/**
 * A stand-in for SHA-256 with which trees of 2^53-1 leaves can be handled: the "hash" of a subtree says which
 * leaves it is over, and a node of two subtrees that RFC 6962 would not join is an error.
 */
export const rangeHasher: Hasher = {
  leaf: () => {
    throw new Error("has no leaves");
  },
  node: (left, right) => {
    const [l, r] = [rangeOf(left), rangeOf(right)];
    if (l.end !== r.begin || k(r.end - l.begin) !== l.end - l.begin) {
      throw new Error(`[${l.begin}, ${l.end}) and [${r.begin}, ${r.end}) make no subtree`);
    }
    return rangeHash(l.begin, r.end);
  },
};

export function rangeHash(begin: number, end: number): Hash {
  const hash = new Uint8Array(32);
  const view = new DataView(hash.buffer);
  view.setBigUint64(0, BigInt(begin));
  view.setBigUint64(8, BigInt(end));
  return hash;
}

export function rangeOf(hash: Hash): LeafRange {
  const view = new DataView(hash.buffer, hash.byteOffset);
  return { begin: Number(view.getBigUint64(0)), end: Number(view.getBigUint64(8)) };
}
