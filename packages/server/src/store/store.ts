import type { ObjectStore } from "./object-store.ts";
import type { Vault } from "./vault.ts";

/** A place that many nodes share: a bucket, or two, or a directory. Primary or mirror. */
export interface Store {
  /** Names it for a person; never has credentials. */
  readonly place: string;
  /** The small objects of one log. Keys are relative to the log ({@link logKeys}). */
  objects(log: string): ObjectStore;
  /** The sealed segments of one log. Keys are file names. */
  vault(log: string): Vault;
  /** What the nodes say of themselves, which decides nothing. Keys are relative to `nodes/`. */
  nodes(): ObjectStore;
  /** The logs whose `log.json` is there. */
  logNames(): Promise<string[]>;
  /**
   * Finds out whether the store can be trusted with commits: concurrently, over every endpoint.
   *
   * @throws MalformedError `store_unfit`: it lets two writers win, or the vault has no Object Lock though it should; the
   *   message names the bucket and the likely cause
   */
  probe(): Promise<StoreFindings>;
  close(): Promise<void>;
}

export interface StoreFindings {
  /** The lock of the vault, as status pages show it. `unsupported`: a directory; `none`: the operator accepted it. */
  readonly vaultLock: "compliance" | "governance" | "none" | "unsupported";
  /** What an operator should know, in words: endpoints that are down. */
  readonly warnings: readonly string[];
}

/** How the keys of one log's objects are formed: docs/spec/store.md. Numbers have 16 digits, so they sort. */
export const logKeys = {
  identity: "log.json",
  journal: "journal/",
  segments: "segments/",
  claims: "claims/",
  anchors: "anchors/",
  keys: "keys/",
  /** The commit that begins with entry `start`. */
  commit: (start: number): string => `journal/${digits(start)}`,
  /** What says which keys the log has after its first, and which are retired; numbered from 1 on. */
  keyStatement: (number: number): string => `keys/${number}`,
  /** What tells that the entries from `start` on are sealed, and where. */
  segment: (start: number): string => `segments/${digits(start)}`,
  /** A part of what is kept of the checkpoint of this size: `checkpoint`, `1.tsr`. */
  anchor: (treeSize: number, part: string): string => `anchors/${digits(treeSize)}/${part}`,
  /** Somebody began to seal from `start` on, for the `attempt`th time. */
  claim: (start: number, attempt: number): string => `claims/${digits(start)}-${attempt}`,
} as const;

function digits(index: number): string {
  return String(index).padStart(16, "0");
}
