/** Which object is meant. Where a store keeps versions, the version is what was locked: a later one under the same key is not it. */
export interface VaultRef {
  readonly key: string;
  readonly version?: string;
}

/** What a vault knows of an object. */
export interface VaultObject extends VaultRef {
  readonly lengthBytes: number;
  /** Until when the store refuses to delete it (Unix milliseconds), if it does. */
  readonly retainUntilMs?: number;
  /** Who can undo that before: nobody, or whoever has a special right. Told by {@link Vault.head}. */
  readonly lock?: "compliance" | "governance";
}

/** What a vault does with a date until which an object is to be kept. `none`: it can't lock. */
export type VaultLock = "compliance" | "governance" | "none";

/**
 * The WORM store of one log's sealed segments. Objects are written once under a key and never change. What comes
 * out is untrusted until it was hashed and compared with a signed checkpoint.
 *
 * Every method throws UnavailableError `storage_full`, `storage_failed`, `store_unavailable` or `store_denied` if the store
 * fails.
 */
export interface Vault {
  /** Names the place for a person. */
  readonly place: string;

  /**
   * Stores the file at `path` under `key` and takes the file away from there. Durable and whole when it resolves, and
   * locked until `retainUntilMs` if that is given and the store can. Safe to call again after a failure.
   *
   * @throws ConflictError `vault_key_taken` if the key exists
   */
  put(key: string, path: string, options: { readonly retainUntilMs?: number }): Promise<VaultObject>;

  /** Bytes `[from, to)` of an object. @throws MalformedError `vault_key_unknown`, `range_out_of_bounds` */
  get(object: VaultRef, from: number, to: number): Promise<Uint8Array>;

  /** @returns undefined if there is no such object */
  head(object: VaultRef): Promise<VaultObject | undefined>;

  /** How it locks what it is given with a date. Asks the store the first time. */
  lock(): Promise<VaultLock>;

  /** All objects (of several versions, the newest), in the order of their keys. */
  list(): Promise<VaultObject[]>;
}
