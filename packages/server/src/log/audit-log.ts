import type { LogKeys, Policy } from "@stele/proof";
import type { LogStatus } from "../ops/status.ts";
import type { StateSizes } from "../publish/event-state.ts";
import type { LogSources } from "../sources/log-sources.ts";
import type { SearchIndex } from "../search/search-index.ts";
import type { LogVerification } from "../verify/background/log-verification.ts";

/** How the body of a submission is written, from its Content-Type and Content-Encoding. */
export interface SubmissionFormat {
  readonly type: "json" | "ndjson";
  readonly encoding: "identity" | "gzip" | "zstd";
}

/** What a producer gets back once all of its events are durable, in the tree and under a signed checkpoint. */
export interface Acknowledgement {
  /** A tree size whose signed checkpoint covers every event of the submission. */
  readonly treeSize: number;
  /** How many events the submission had. */
  readonly count: number;
  /** The receipts as the bytes of a JSON array, ready to be sent: `[{"index","leaf_hash","id","duplicate"},…]`. */
  readonly receiptsJson: Uint8Array;
}

/** The newest acknowledged signed tree head. */
export interface SignedTreeHead {
  readonly treeSize: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The C2SP signed note. */
  readonly note: Uint8Array;
}

/** One log of a node: one tree, one order, one key. What HTTP, the tail and the sealer see of it. */
export interface AuditLog {
  readonly name: string;
  readonly origin: string;
  /** The newest public key as a C2SP vkey. */
  readonly vkey: string;
  readonly search: SearchIndex;
  /** What re-reads everything that is stored; undefined if this node does not verify. */
  readonly verification?: Pick<LogVerification, "begin" | "status" | "findings"> | undefined;
  /** What its entries show of their sources. */
  readonly sources: Pick<LogSources, "table">;

  /**
   * Validates, orders and commits the events of a body: all of them or none. Resolves when they are durable. Takes
   * ownership of `body` (its buffer may be moved to another thread).
   *
   * @throws EventRejectedError (`event_invalid`, with the position, path and reason of each problem),
   *   `body_malformed`, `body_too_large`, `batch_too_large`; UnavailableError `overloaded` (queue full),
   *   `storage_full`, `storage_failed`.
   */
  append(body: Uint8Array, format: SubmissionFormat): Promise<Acknowledgement>;

  /** The newest acknowledged checkpoint. Before the first commit: the signed empty tree. */
  head(): SignedTreeHead;

  /**
   * The checkpoint that is for others to keep: with a policy, the newest that its quorum of witnesses cosigned, so it is older
   * than the head; without one, the head. Never goes backwards.
   */
  published(): SignedTreeHead;

  /** The exact bytes of entries `[from, to)`. @throws `index_out_of_range` when `to` is past the head. */
  readEntries(from: number, to: number): Promise<Uint8Array[]>;

  /** RFC 6962 inclusion proof, leaf sibling first. @throws `index_out_of_range`. */
  proveInclusion(leafIndex: number, treeSize: number): Promise<Uint8Array[]>;

  /** One proof for many leaves, whose indexes ascend (docs/spec/evidence.md). @throws `index_out_of_range`, `leaves_malformed`. */
  proveBatchInclusion(leafIndexes: readonly number[], treeSize: number): Promise<Uint8Array[]>;

  /** RFC 6962 consistency proof. @throws `index_out_of_range`. */
  proveConsistency(from: number, to: number): Promise<Uint8Array[]>;

  /** A C2SP hash tile: `width` (1–256) hashes. @throws `not_found` when the head does not have them. */
  readTile(level: number, index: number, width: number): Promise<Uint8Array>;

  /** A C2SP entry bundle of `width` entries. @throws `not_found`. */
  readBundle(index: number, width: number): Promise<Uint8Array>;

  /** Whose cosignatures make a checkpoint published; undefined if nobody's are asked for. */
  policy(): Policy | undefined;

  /** The keys of the log as they are now. */
  keys(): LogKeys;

  /**
   * Declares a new key, if `current` (a vkey) is the newest until now; then both sign.
   *
   * @throws ConflictError `key_not_current`, `keys_too_many`, `key_source_empty`; UnavailableError `signer_failed`, `key_missing`, and of the store
   */
  rotateKey(current: string): Promise<LogKeys>;

  /**
   * Retires a key (a vkey) that was replaced; nothing happens if it is retired.
   *
   * @throws ConflictError `key_unknown`, `key_in_use`, `key_unproven`; UnavailableError as `rotateKey`
   */
  retireKey(vkey: string): Promise<LogKeys>;

  /** Calls `listener` with the new tree size after each commit, until the returned function is called. */
  onCommit(listener: (treeSize: number) => void): () => void;

  /** Whether the log takes writes now, and if not, why (`storage_full`, …). For readiness and status pages. */
  writable(): { readonly ok: true } | { readonly ok: false; readonly reason: string };

  /** Where it stands that says how far an event got, see `eventState`. Costs next to nothing. */
  stateSizes(): StateSizes;

  /** What it is at. Returns at once. */
  status(): LogStatus;
}
