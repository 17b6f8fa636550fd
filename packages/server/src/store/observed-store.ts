import { SteleError } from "@stele/proof";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import type { Store, StoreFindings } from "./store.ts";
import type { Vault, VaultObject, VaultRef } from "./vault.ts";

/** One call of a store, as metrics count it. A list counts once, however many pages it has. */
export interface StoreCall {
  readonly operation:
    "create" | "get" | "list" | "delete" | "vault_put" | "vault_get" | "vault_head" | "vault_list";
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly seconds: number;
}

export type ObserveCall = (call: StoreCall) => void;

/** A store whose every call is told to `observe`. */
export class ObservedStore implements Store {
  readonly #store: Store;
  readonly #observe: ObserveCall;

  constructor(store: Store, observe: ObserveCall) {
    this.#store = store;
    this.#observe = observe;
  }

  get place(): string {
    return this.#store.place;
  }

  objects(log: string): ObjectStore {
    return this.#observed(this.#store.objects(log));
  }

  nodes(): ObjectStore {
    return this.#observed(this.#store.nodes());
  }

  #observed(objects: ObjectStore): ObjectStore {
    const observe = this.#observe;
    return {
      place: objects.place,
      create: (key, pieces) => timed(observe, "create", () => objects.create(key, pieces)),
      get: (key) => timed(observe, "get", () => objects.get(key)),
      list: (prefix, after) => timedList(observe, objects.list(prefix, after)),
      delete: (keys) => timed(observe, "delete", () => objects.delete(keys)),
    };
  }

  vault(log: string): Vault {
    const vault = this.#store.vault(log);
    const observe = this.#observe;
    return {
      place: vault.place,
      put: (key, path, options): Promise<VaultObject> =>
        timed(observe, "vault_put", () => vault.put(key, path, options)),
      get: (object: VaultRef, from, to) => timed(observe, "vault_get", () => vault.get(object, from, to)),
      head: (object: VaultRef) => timed(observe, "vault_head", () => vault.head(object)),
      lock: () => vault.lock(),
      list: () => timed(observe, "vault_list", () => vault.list()),
    };
  }

  async logNames(): Promise<string[]> {
    return await timed(this.#observe, "list", () => this.#store.logNames());
  }

  async probe(): Promise<StoreFindings> {
    return await this.#store.probe();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

async function timed<T>(
  observe: ObserveCall,
  operation: StoreCall["operation"],
  call: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let outcome = "ok";
  try {
    return await call();
  } catch (error) {
    outcome = error instanceof SteleError ? error.code : "unexpected";
    throw error;
  } finally {
    observe({ operation, outcome, seconds: (performance.now() - started) / 1000 });
  }
}

async function* timedList(
  observe: ObserveCall,
  list: AsyncGenerator<ObjectInfo>,
): AsyncGenerator<ObjectInfo> {
  const started = performance.now();
  let outcome = "ok";
  try {
    yield* list;
  } catch (error) {
    outcome = error instanceof SteleError ? error.code : "unexpected";
    throw error;
  } finally {
    observe({ operation: "list", outcome, seconds: (performance.now() - started) / 1000 });
  }
}
