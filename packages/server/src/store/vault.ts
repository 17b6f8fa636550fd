/** What a vault knows of an object. */
export interface VaultObject {
  readonly key: string;
  readonly lengthBytes: number;
  /** Until when the store refuses to delete it (Unix milliseconds), if it does. */
  readonly retainUntilMs?: number;
}

/**
 * The WORM store of one log's sealed segments. Objects are written once under a key and never change. What comes
 * out is untrusted until it was hashed and compared with a signed checkpoint.
 */
export interface Vault {
  /**
   * Stores the file at `path` under `key` and takes the file away from there. Durable and whole when it resolves;
   * before that the key does not exist. Safe to call again after a failure.
   *
   * @throws ConflictError `vault_key_taken` if the key exists
   * @throws UnavailableError `storage_full`, `storage_failed`: nothing was stored
   */
  put(key: string, path: string, options: { readonly retainUntilMs?: number }): Promise<VaultObject>;

  /** Bytes `[from, to)` of an object. @throws MalformedError `vault_key_unknown`, `range_out_of_bounds` */
  get(key: string, from: number, to: number): Promise<Uint8Array>;

  /** @returns undefined if there is no such key */
  head(key: string): Promise<VaultObject | undefined>;

  /** All objects, in the order of their keys. */
  list(): Promise<VaultObject[]>;
}
