/** What a store knows of an object. */
export interface ObjectInfo {
  readonly key: string;
  readonly lengthBytes: number;
}

/**
 * Small immutable objects under keys, created at most once: what the journal, seal records and mirrors are made of.
 * Its one primitive, create-if-absent, is all the consensus that Stele needs (docs/design/0008-many-nodes.md). What comes
 * out is untrusted. Each call ends within the driver's time-out. One contract suite runs against every driver.
 *
 * Every method throws UnavailableError `store_unavailable` if the store can't be reached or refuses for now, and
 * `store_denied` if it refuses for good (rights, no such bucket). After either, a `create` may have happened, may happen
 * later, or never: only another `create` settles that.
 */
export interface ObjectStore {
  /** Names the place for a person: `s3://bucket/prefix/logs/main`. Never has credentials. */
  readonly place: string;

  /**
   * Creates the object, made of the pieces in order, unless there is one under this key. Of any number of callers at
   * once, exactly one is told "created". Durable when it resolves. A caller whose own earlier attempt landed unnoticed is
   * told "exists".
   */
  create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists">;

  /** The whole object, or undefined if there is none. A read that begins after a create resolved sees it. */
  get(key: string): Promise<Buffer | undefined>;

  /** The objects whose keys begin with `prefix` and are greater than `after`, in the order of their keys. */
  list(prefix: string, after?: string): AsyncGenerator<ObjectInfo>;

  /** Deletes the objects; those that are not there are passed over. */
  delete(keys: readonly string[]): Promise<void>;
}
