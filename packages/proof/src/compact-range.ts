import { InvariantError, MalformedError } from "./errors.ts";
import { checkHash, emptyRoot, HASH_LENGTH_BYTES, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { checkInteger } from "./integer.ts";
import { rangeNodes, type NodeId } from "./tree.ts";

/** Called for each interior node when its last leaf was appended, children before parents. */
export type VisitNode = (level: number, index: number, hash: Hash) => void;

export interface CompactRangeOptions {
  /** The first leaf index; 0 unless told. */
  readonly begin?: number;
  readonly hasher?: Hasher;
  /**
   * Sees each interior node that an append completes (not what was itself appended). At level 8 these are
   * the hashes of the full level-0 tiles. If it throws, the range is of no further use.
   */
  readonly onNode?: VisitNode;
}

interface RangeNode extends NodeId {
  readonly hash: Hash;
}

/**
 * The hashes of the perfect subtrees over the leaves [begin, end): all that is needed to go on appending, and
 * if the range begins at 0, to compute the root. At most 53 hashes for a range from 0.
 *
 * Appending a leaf costs one interior hash on average, and copies nothing. Hashes are kept by reference.
 */
export class CompactRange {
  readonly begin: number;
  #end: number;
  readonly #hasher: Hasher;
  readonly #onNode: VisitNode | undefined;
  readonly #nodes: RangeNode[] = [];

  constructor(options: CompactRangeOptions = {}) {
    this.begin = checkInteger("begin", options.begin ?? 0);
    this.#end = this.begin;
    this.#hasher = options.hasher ?? sha256Hasher;
    this.#onNode = options.onNode;
  }

  /**
   * Rebuilds a range from its bounds and its {@link CompactRange.hashes}, which the caller trusts.
   *
   * @throws MalformedError `integer_out_of_range`, `hash_malformed`, `range_malformed`
   */
  static from(end: number, hashes: readonly Hash[], options: CompactRangeOptions = {}): CompactRange {
    const range = new CompactRange(options);
    const nodes = rangeNodes(range.begin, end);
    if (nodes.length !== hashes.length) {
      throw new MalformedError(
        "range_malformed",
        `The range [${range.begin}, ${end}) has ${nodes.length} hashes, not ${hashes.length}`,
      );
    }
    for (const [i, node] of nodes.entries()) {
      range.#nodes.push({ ...node, hash: checkHash("hash", hashes[i]!) });
    }
    range.#end = end;
    return range;
  }

  /** One past the last leaf: the tree size, if the range begins at 0. */
  get end(): number {
    return this.#end;
  }

  /** The subtree hashes from left to right, as {@link rangeNodes}(begin, end) lists their places. */
  get hashes(): Hash[] {
    return this.#nodes.map((node) => node.hash);
  }

  /** Appends one leaf. @throws MalformedError `hash_malformed`, `integer_out_of_range` */
  append(leafHash: Hash): void {
    this.appendSubtree(0, leafHash);
  }

  /**
   * Appends the hash of a perfect subtree of 2^level leaves, which the caller trusts.
   *
   * @throws InvariantError `range_misaligned` unless `end` is a multiple of 2^level
   * @throws MalformedError `hash_malformed`, `integer_out_of_range`
   */
  appendSubtree(level: number, hash: Hash): void {
    const size = level === 0 ? 1 : 2 ** checkInteger("level", level, 0, 52);
    checkHash("hash", hash);
    let index = this.#end / size;
    if (!Number.isInteger(index)) {
      throw new InvariantError(
        "range_misaligned",
        `A subtree of ${size} leaves can't be appended at leaf ${this.#end}`,
      );
    }
    this.#end = checkInteger("end", this.#end + size);

    // An odd index closes the parent, unless the left sibling lies before the beginning of the range.
    for (let left = this.#nodes.at(-1); index % 2 === 1 && left?.level === level; left = this.#nodes.at(-1)) {
      this.#nodes.pop();
      hash = this.#hasher.node(left.hash, hash);
      level++;
      index = (index - 1) / 2;
      this.#onNode?.(level, index, hash);
    }
    this.#nodes.push({ level, index, hash });
  }

  /**
   * Appends the range that begins where this one ends; `other` stays as it is. At most 53 interior hashes.
   *
   * @throws InvariantError `range_misaligned` if there is a gap or an overlap
   */
  appendRange(other: CompactRange): void {
    if (other.begin !== this.#end) {
      throw new InvariantError(
        "range_misaligned",
        `A range from leaf ${other.begin} can't be appended at leaf ${this.#end}`,
      );
    }
    for (const { level, hash } of other.#nodes) this.appendSubtree(level, hash);
  }

  /**
   * The root of the tree of `end` leaves (RFC 6962 section 2.1). Costs an interior hash for each set bit of
   * `end` but one; not cached.
   *
   * @throws InvariantError `range_without_root` if the range does not begin at leaf 0
   */
  root(): Hash {
    if (this.begin !== 0) {
      throw new InvariantError("range_without_root", `A range from leaf ${this.begin} has no root`);
    }
    return this.#nodes.length === 0 ? emptyRoot() : foldSubtrees(this.hashes, this.#hasher);
  }

  /** An independent copy, with the same hasher and without the visitor unless `onNode` gives one. */
  clone(onNode?: VisitNode): CompactRange {
    const options = { begin: this.begin, hasher: this.#hasher, ...(onNode && { onNode }) };
    return CompactRange.from(this.#end, this.hashes, options);
  }
}

/**
 * The hash over adjacent perfect subtrees given from left to right, larger ones first: the tree that RFC 6962
 * would build over their leaves.
 */
export function foldSubtrees(hashes: readonly Hash[], hasher: Hasher): Hash {
  return hashes.reduceRight((right, left) => hasher.node(left, right));
}

/** The root over these leaf hashes (RFC 6962 section 2.1); of none, the empty root. O(n) hashes. */
export function rootOfLeaves(leafHashes: Iterable<Hash>, hasher: Hasher = sha256Hasher): Hash {
  const range = new CompactRange({ hasher });
  for (const hash of leafHashes) range.append(hash);
  return range.root();
}

const BOUNDS_LENGTH_BYTES = 16;

/** Serialises: begin and end as big-endian 64-bit integers, then the hashes from left to right. */
export function formatCompactRange(range: CompactRange): Uint8Array {
  const hashes = range.hashes;
  const bytes = new Uint8Array(BOUNDS_LENGTH_BYTES + hashes.length * HASH_LENGTH_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(range.begin));
  view.setBigUint64(8, BigInt(range.end));
  for (const [i, hash] of hashes.entries()) bytes.set(hash, BOUNDS_LENGTH_BYTES + i * HASH_LENGTH_BYTES);
  return bytes;
}

/**
 * Reads what {@link formatCompactRange} wrote. The bounds are checked, the hashes can't be: compare the root.
 *
 * @throws MalformedError `range_malformed`, `integer_out_of_range`
 */
export function parseCompactRange(
  bytes: Uint8Array,
  options: Omit<CompactRangeOptions, "begin"> = {},
): CompactRange {
  const length = bytes.length - BOUNDS_LENGTH_BYTES;
  if (length < 0 || length % HASH_LENGTH_BYTES !== 0) {
    throw new MalformedError("range_malformed", `A compact range can't have ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = Number(view.getBigUint64(0));
  const end = Number(view.getBigUint64(8));
  const hashes: Hash[] = [];
  for (let at = BOUNDS_LENGTH_BYTES; at < bytes.length; at += HASH_LENGTH_BYTES) {
    hashes.push(new Uint8Array(bytes.subarray(at, at + HASH_LENGTH_BYTES)));
  }
  return CompactRange.from(end, hashes, { ...options, begin });
}
