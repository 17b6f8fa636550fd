import { UnavailableError } from "@stele/proof";
import type { ObjectInfo, ObjectStore } from "../object-store.ts";

/** Any objects, which can be taken away and given back. */
export class SwitchedObjects implements ObjectStore {
  readonly #objects: ObjectStore;
  /** While it is set, every call fails as of a store that can't be reached. */
  out = false;
  /** How many calls of each kind were answered. */
  readonly calls = { create: 0, get: 0, list: 0, delete: 0 };

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  get place(): string {
    return this.#objects.place;
  }

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    this.#count("create");
    return await this.#objects.create(key, pieces);
  }

  async get(key: string): Promise<Buffer | undefined> {
    this.#count("get");
    return await this.#objects.get(key);
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    this.#count("list");
    yield* this.#objects.list(prefix, after);
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#count("delete");
    await this.#objects.delete(keys);
  }

  #count(call: keyof SwitchedObjects["calls"]): void {
    if (this.out) throw new UnavailableError("store_unavailable", `${this.place} is out`);
    this.calls[call]++;
  }
}
