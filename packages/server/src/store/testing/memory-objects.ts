import { assertObjectKey } from "../object-key.ts";
import type { ObjectInfo, ObjectStore } from "../object-store.ts";

/** Objects in memory, for one process. */
export class MemoryObjects implements ObjectStore {
  readonly place = "memory";
  readonly #objects = new Map<string, Buffer>();

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    assertObjectKey(key, this.place);
    if (this.#objects.has(key)) return "exists";
    this.#objects.set(key, Buffer.concat(pieces));
    return "created";
  }

  async get(key: string): Promise<Buffer | undefined> {
    assertObjectKey(key, this.place);
    const bytes = this.#objects.get(key);
    return bytes && Buffer.from(bytes);
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.toSorted()) yield { key, lengthBytes: this.#objects.get(key)!.length };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertObjectKey(key, this.place);
    for (const key of keys) this.#objects.delete(key);
  }
}
