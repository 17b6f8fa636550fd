import {
  CompactRange,
  equalBytes,
  VerificationError,
  verifyCheckpoint,
  followSuccession,
  type LogKeys,
} from "@stele/proof";
import {
  hashLines,
  logKeys,
  logVerifier,
  nativeHasher,
  parseCommit,
  parseSegmentRecord,
  type Committed,
  type SegmentRecord,
} from "@stele/server/protocol";
import type { SimStore, StoreWatch } from "./sim-store.ts";
import { Violation } from "./violation.ts";

const HASH_LENGTH_BYTES = 32;

/** Where a receipt says that an event is. */
export interface Receipt {
  readonly index: number;
  readonly leaf_hash: string;
  readonly id: string;
  readonly duplicate: boolean;
}

/**
 * The one history of the log, as the store decided it: an observer that sees every change of the store at the moment at
 * which it happens, and shares no state with the nodes. What nodes say and do is compared with it.
 */
export class History implements StoreWatch {
  #keys: LogKeys;
  readonly #store: () => SimStore;
  readonly #fail: (violation: Violation) => void;
  readonly #leafHashes: Uint8Array[] = [];
  readonly #ids: string[] = [];
  readonly #indexOfId = new Map<string, number>();
  readonly #commitIds = new Map<number, string>();
  /** Of every commit that counts, trimmed or not. */
  readonly #checkpoints: Buffer[] = [];
  readonly #roots = new Map<number, Uint8Array>();
  /** Roots of the notes that were verified, by their text: each is shown by every node. */
  readonly #signedRoots = new Map<string, Uint8Array>();
  readonly #range = new CompactRange({ hasher: nativeHasher });
  readonly #acknowledged = new Map<number, Receipt>();
  /** How often each id was sent. */
  readonly #sent = new Map<string, number>();
  #records: SegmentRecord[] = [];
  readonly #recordNotes = new Map<number, Buffer>();
  /** Commits that landed where the history had gone on long before: nobody may believe them. */
  lateCommits = 0;
  trimmedCommits = 0;

  constructor(firstVkey: string, store: () => SimStore, fail: (violation: Violation) => void) {
    this.#keys = followSuccession(firstVkey, [], logVerifier);
    this.#store = store;
    this.#fail = fail;
    this.#roots.set(0, this.#range.root());
  }

  get size(): number {
    return this.#leafHashes.length;
  }

  get commits(): number {
    return this.#commitIds.size;
  }

  get sealedSize(): number {
    return this.#records.at(-1)?.segment.end ?? 0;
  }

  get segmentCount(): number {
    return this.#records.length;
  }

  get acknowledged(): readonly Receipt[] {
    return [...this.#acknowledged.values()];
  }

  leafHash(index: number): Uint8Array {
    return this.#leafHashes[index]!;
  }

  sending(ids: readonly string[]): void {
    for (const id of ids) this.#sent.set(id, (this.#sent.get(id) ?? 0) + 1);
  }

  created(key: string, bytes: Buffer): void {
    this.#guard(`${key} was created`, () => {
      if (key.startsWith(logKeys.journal)) this.#committed(key, bytes);
      if (key.startsWith(logKeys.segments)) this.#recorded(key, bytes);
      if (key.startsWith(logKeys.keys)) this.#stated(key, bytes);
    });
  }

  deleted(key: string, bytes: Buffer): void {
    if (key.startsWith(logKeys.segments)) this.#violate("records_stay", `${key} was deleted`);
    if (!key.startsWith(logKeys.journal)) return;
    const { id, start, count } = parseCommit(bytes, 0);
    if (this.#commitIds.get(start) !== id) return;
    this.trimmedCommits++;
    if (start + count > this.sealedSize) {
      this.#violate(
        "trimmed_only_what_is_sealed",
        `${key} was deleted, but only ${this.sealedSize} are sealed`,
      );
    }
  }

  /** A node has taken a commit over, whoever made it. */
  takenOver(node: string, { start, count, head, lines }: Committed): void {
    const hashes = hashLines(Buffer.concat(lines));
    for (let i = 0; i < count; i++) {
      const hash = hashes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES);
      const known = this.#leafHashes[start + i];
      if (known && equalBytes(hash, known)) continue;
      this.#violate("one_history", `${node} took over another entry ${start + i} than the log's`);
      return;
    }
    this.serves(node, head.treeSize, head.root, head.note);
  }

  /** A node shows a checkpoint. */
  serves(node: string, treeSize: number, root: Uint8Array, note: Uint8Array): void {
    this.#guard(`${node} serves size ${treeSize}`, () => {
      const known = this.#roots.get(treeSize);
      if (known && equalBytes(root, known) && equalBytes(this.#signedRoot(note), known)) return;
      this.#violate(
        "one_checkpoint_a_size",
        `${node} serves another tree of size ${treeSize} than the log's`,
      );
    });
  }

  /** A node acknowledged these receipts. */
  acknowledge(node: string, ids: readonly string[], treeSize: number, receipts: readonly Receipt[]): void {
    if (receipts.length !== ids.length) {
      this.#violate("receipts_hold", `${node} gave ${receipts.length} receipts for ${ids.length} events`);
    }
    for (const [i, receipt] of receipts.entries()) {
      const { index, leaf_hash, id, duplicate } = receipt;
      const known = this.#leafHashes[index];
      const holds =
        id === ids[i] &&
        index < treeSize &&
        known !== undefined &&
        this.#ids[index] === id &&
        Buffer.from(known).toString("base64") === leaf_hash;
      if (!holds) {
        this.#violate(
          "receipts_hold",
          `${node} acknowledged ${id} as entry ${index}, which is ${this.#ids[index]}`,
        );
        return;
      }
      if (duplicate && this.#sent.get(id) === 1) {
        this.#violate("duplicates_were_sent_twice", `${node} calls ${id} a duplicate, which was sent once`);
      }
      this.#acknowledged.set(index, receipt);
    }
  }

  #committed(key: string, bytes: Buffer): void {
    const commit = parseCommit(bytes, 0);
    const { id, start, count, checkpoint, entryLines } = commit;
    if (start < this.size) {
      this.lateCommits++;
      return;
    }
    if (start > this.size || key !== logKeys.commit(start)) {
      this.#violate("no_gaps", `${key} was created, but the log ends at ${this.size}`);
      return;
    }
    const lines = Buffer.from(entryLines);
    const hashes = hashLines(lines);
    const entries = lines.toString().trimEnd().split("\n");
    if (entries.length !== count) this.#violate("commits_are_whole", `${key} has ${entries.length} entries`);
    for (const [i, entry] of entries.entries()) {
      const hash = hashes.slice(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES);
      this.#range.append(hash);
      this.#leafHashes.push(hash);
      const eventId = (JSON.parse(entry) as { id: string }).id;
      const before = this.#indexOfId.get(eventId);
      if (before !== undefined) {
        this.#violate("no_id_twice", `${eventId} is entry ${before} and, in ${key}, ${start + i}`);
      }
      this.#indexOfId.set(eventId, start + i);
      this.#ids.push(eventId);
    }
    this.#commitIds.set(start, id);
    this.#checkpoints.push(Buffer.from(checkpoint));
    const root = this.#range.root();
    this.#roots.set(this.size, root);
    // The root decides: trees of different sizes have different ones.
    if (!equalBytes(this.#signedRoot(Buffer.from(checkpoint)), root)) {
      this.#violate("checkpoints_are_true", `${key} has a checkpoint of another tree`);
    }
  }

  get statements(): number {
    return this.#keys.statements.length;
  }

  /** A statement must count; and whatever was committed or sealed before must go on to count. */
  #stated(key: string, bytes: Buffer): void {
    const { keys, statements } = this.#keys;
    if (key !== logKeys.keyStatement(statements.length + 1)) {
      this.#violate("statements_follow", `${key} was created, but there are ${statements.length}`);
    }
    this.#keys = followSuccession(keys[0]!.vkey, [...statements, bytes], logVerifier);
    for (const note of this.#checkpoints) verifyCheckpoint(note, this.#keys);
    for (const [start, note] of this.#recordNotes) parseSegmentRecord(note, this.#keys, `${start}`);
  }

  /** A seal record must cover exactly what the journal had, and name a file that has it. */
  #recorded(key: string, bytes: Buffer): void {
    const record = parseSegmentRecord(bytes, this.#keys, key);
    const { start, end, subtreeHashes, key: file } = record.segment;
    const content = this.#store().segments.get(file);
    const hashes = content && hashLines(Buffer.from(content));
    const expected = Buffer.concat(this.#leafHashes.slice(start, end));
    const subtrees = Buffer.concat(
      Array.from({ length: (end - start) / 256 }, (_, i) => this.#subtree(start + 256 * i)),
    );
    const fits =
      key === logKeys.segment(start) &&
      start === this.sealedSize &&
      end <= this.size &&
      hashes !== undefined &&
      equalBytes(hashes, expected) &&
      equalBytes(subtreeHashes, subtrees);
    if (!fits)
      this.#violate("seals_are_exact", `${key} records [${start}, ${end}) in ${file}, which is not so`);
    this.#records = [...this.#records, record];
    this.#recordNotes.set(start, bytes);
  }

  #signedRoot(note: Uint8Array): Uint8Array {
    const text = Buffer.from(note).toString();
    let root = this.#signedRoots.get(text);
    if (!root) {
      ({ root } = verifyCheckpoint(note, this.#keys));
      this.#signedRoots.set(text, root);
    }
    return root;
  }

  #subtree(start: number): Uint8Array {
    const range = new CompactRange({ hasher: nativeHasher });
    for (const hash of this.#leafHashes.slice(start, start + 256)) range.append(hash);
    return range.root();
  }

  #guard(what: string, check: () => void): void {
    try {
      check();
    } catch (cause) {
      if (!(cause instanceof VerificationError)) throw cause;
      this.#fail(new Violation("signatures_hold", `${what}: ${cause.message}`, { cause }));
    }
  }

  #violate(invariant: string, message: string): void {
    this.#fail(new Violation(invariant, message));
  }
}
