import { ConflictError, MalformedError } from "@stele/proof";
import type { ObjectInfo, ObjectStore, Vault, VaultObject, VaultRef } from "@stele/server/protocol";
import type { SimProcess } from "./sim-process.ts";
import type { Wire } from "./wire.ts";

/** Sees every change of the store at the moment at which it happens. */
export interface StoreWatch {
  created(key: string, bytes: Buffer): void;
  deleted(key: string, bytes: Buffer): void;
}

/** So few, so that listing takes several requests, between which the store changes. */
const PAGE_KEYS = 8;
const DELETE_KEYS = 4;

/** The shared store, linearizable: objects that are created at most once, and sealed segments. */
export class SimStore {
  readonly objects = new Map<string, Buffer>();
  readonly segments = new Map<string, Buffer>();
  readonly #watch: StoreWatch;

  constructor(watch: StoreWatch) {
    this.#watch = watch;
  }

  create(key: string, bytes: Buffer): "created" | "exists" {
    if (this.objects.has(key)) return "exists";
    this.objects.set(key, bytes);
    this.#watch.created(key, bytes);
    return "created";
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) {
      const bytes = this.objects.get(key);
      if (!bytes) continue;
      this.objects.delete(key);
      this.#watch.deleted(key, bytes);
    }
  }

  page(prefix: string, after: string): ObjectInfo[] {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after);
    return keys
      .toSorted()
      .slice(0, PAGE_KEYS)
      .map((key) => ({ key, lengthBytes: this.objects.get(key)!.length }));
  }
}

/** The objects as one process reaches them. Bytes are copied both ways: whoever reads may write to what it got. */
export class SimObjects implements ObjectStore {
  readonly place = "sim://log";
  readonly #store: SimStore;
  readonly #wire: Wire;
  readonly #process: SimProcess;

  constructor(store: SimStore, wire: Wire, process: SimProcess) {
    this.#store = store;
    this.#wire = wire;
    this.#process = process;
  }

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    const bytes = Buffer.concat(pieces);
    return await this.#call(`create ${key}`, () => this.#store.create(key, bytes), String);
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#call(
      `get ${key}`,
      () => {
        const bytes = this.#store.objects.get(key);
        return bytes && Buffer.from(bytes);
      },
      (bytes) => (bytes ? `${bytes.length} bytes` : "nothing"),
    );
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    for (let last = after; ;) {
      const page = await this.#call(
        `list ${prefix} after ${last}`,
        () => this.#store.page(prefix, last),
        (found) => `${found.length} keys`,
      );
      yield* page;
      if (page.length < PAGE_KEYS) return;
      last = page.at(-1)!.key;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETE_KEYS) {
      const some = keys.slice(at, at + DELETE_KEYS);
      await this.#call(
        `delete ${some.join(" ")}`,
        () => this.#store.delete(some),
        () => "done",
      );
    }
  }

  async #call<T>(call: string, effect: () => T, show: (result: T) => string): Promise<T> {
    return await this.#wire.call(this.#process, call, effect, show);
  }
}

/** The vault as one process reaches it; `files` are those of its machine. */
export class SimVault implements Vault {
  readonly place = "sim://vault";
  readonly #store: SimStore;
  readonly #wire: Wire;
  readonly #process: SimProcess;
  readonly #files: Map<string, Buffer>;

  constructor(store: SimStore, wire: Wire, process: SimProcess, files: Map<string, Buffer>) {
    this.#store = store;
    this.#wire = wire;
    this.#process = process;
    this.#files = files;
  }

  async put(key: string, path: string): Promise<VaultObject> {
    const bytes = this.#files.get(path)!;
    const { segments } = this.#store;
    const put = (): "stored" | "taken" => {
      const present = segments.get(key);
      if (present && !present.equals(bytes)) return "taken";
      segments.set(key, bytes);
      return "stored";
    };
    if ((await this.#wire.call(this.#process, `put ${key}`, put, String)) === "taken") {
      throw new ConflictError("vault_key_taken", `${this.place} has another object ${key}`);
    }
    this.#files.delete(path);
    return { key, lengthBytes: bytes.length };
  }

  async get({ key }: VaultRef, from: number, to: number): Promise<Uint8Array> {
    const bytes = await this.#wire.call(
      this.#process,
      `read ${key} ${from}-${to}`,
      () => this.#store.segments.get(key)?.subarray(from, to),
      (found) => `${found?.length ?? "no"} bytes`,
    );
    if (bytes) return Buffer.from(bytes);
    throw new MalformedError("vault_key_unknown", `${this.place} has no object ${key}`);
  }

  async head({ key }: VaultRef): Promise<VaultObject | undefined> {
    return (await this.list()).find((object) => object.key === key);
  }

  async lock(): Promise<"none"> {
    return await Promise.resolve("none");
  }

  async list(): Promise<VaultObject[]> {
    const list = (): VaultObject[] =>
      [...this.#store.segments]
        .map(([key, bytes]) => ({ key, lengthBytes: bytes.length }))
        .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    return await this.#wire.call(this.#process, "list vault", list, (found) => `${found.length} objects`);
  }
}
