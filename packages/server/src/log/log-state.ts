import {
  equalBytes,
  formatCheckpoint,
  HASH_LENGTH_BYTES,
  VerificationError,
  type TreeHead,
} from "@stele/proof";
import { hashId, type IdHashSeed } from "../event/id-hash.ts";
import type { StoredCommit } from "../store/journal.ts";
import { IdWindow } from "./id-window.ts";
import { hashLines } from "./native-hasher.ts";
import { ID_OFFSET, QUOTE } from "./placement.ts";
import { TreeStore } from "./tree-store.ts";

const LF = 0x0a;

/** Tree and id window of one log, as its commits make them. It believes no commit before it hashed it. */
export class LogState {
  readonly origin: string;
  readonly tree = new TreeStore();
  readonly ids = new IdWindow();
  readonly #seed: IdHashSeed;
  readonly #hash = new Uint32Array(2);
  #newest: StoredCommit | undefined;

  /** `seed`: of the id hashes; the one that batches were made with. */
  constructor(origin: string, seed: IdHashSeed) {
    this.origin = origin;
    this.#seed = seed;
  }

  /** The last commit that was visited. */
  get newest(): StoredCommit | undefined {
    return this.#newest;
  }

  /** Appends what a segment holds, by the hashes of its runs of 256 entries; only while there are no hot entries. */
  appendSealed(subtreeHashes: Uint8Array): void {
    for (let at = 0; at < subtreeHashes.length; at += HASH_LENGTH_BYTES) {
      this.tree.appendSealed(subtreeHashes.slice(at, at + HASH_LENGTH_BYTES));
    }
  }

  /**
   * Takes in one commit: hashes its entries, and compares the tree with the root that its checkpoint claims. Whether that
   * is signed is for the caller to check, of the newest commit at least. What the tree has already is passed over.
   *
   * @throws VerificationError `journal_corrupt`, `journal_gap`, with the place
   */
  visit(commit: StoredCommit): void {
    const { start, count, checkpoint, entryLines, place } = commit;
    const end = start + count;
    if (commit.origin !== this.origin) {
      throw new VerificationError(
        "journal_corrupt",
        `${place}: the commit is of the log ${JSON.stringify(commit.origin)}, not of ${this.origin}`,
        { place },
      );
    }
    if (end <= this.tree.size) {
      this.#newest = commit;
      return;
    }
    if (start > this.tree.size) {
      throw new VerificationError(
        "journal_gap",
        `${place}: the commit starts at entry ${start}, but the entries from ${this.tree.size} on are missing`,
        { place },
      );
    }
    const sealed = this.tree.size - start;
    const extension = this.tree.extend([hashLines(entryLines).subarray(sealed * HASH_LENGTH_BYTES)]);
    const head = { treeSize: extension.range.end, root: extension.range.root() };
    const text = formatCheckpoint({ origin: this.origin, ...head });
    if (head.treeSize !== end || !checkpoint.startsWith(`${text}\n`)) {
      throw new VerificationError(
        "journal_corrupt",
        `${place}: the entries [${start}, ${end}) are not those that the log signed. Nothing was changed; restore the file from a copy`,
        { place, computed: head, checkpoint },
      );
    }
    this.tree.commit(extension);
    this.#newest = commit;
    this.addIds(start, entryLines);
  }

  /** Remembers the ids of entry lines, the first of which is entry `start`. */
  addIds(start: number, lines: Uint8Array): void {
    for (let at = 0, index = start; at < lines.length; index++) {
      this.addId(index, lines, at);
      const lf = lines.indexOf(LF, at);
      at = lf < 0 ? lines.length : lf + 1;
    }
  }

  /** Remembers the id of the entry that begins at `bytes[at]`. */
  addId(index: number, bytes: Uint8Array, at: number): void {
    const begin = at + ID_OFFSET;
    hashId(bytes, begin, bytes.indexOf(QUOTE, begin) - begin, this.#seed, this.#hash, 0);
    this.ids.add(this.#hash[0]!, this.#hash[1]!, index);
  }
}

/** @throws VerificationError `journal_truncated`, `log_forked`: the log is not what it acknowledged before. */
export function checkAcknowledged(acknowledged: TreeHead, present: TreeHead): void {
  if (acknowledged.treeSize > present.treeSize) {
    throw new VerificationError(
      "journal_truncated",
      `The log acknowledged ${acknowledged.treeSize} entries, but only ${present.treeSize} are there. Restore the journal from a copy`,
      { acknowledged, present },
    );
  }
  if (acknowledged.treeSize === present.treeSize && !equalBytes(acknowledged.root, present.root)) {
    throw new VerificationError("log_forked", "The log is not the one that was acknowledged", {
      acknowledged,
      present,
    });
  }
}
