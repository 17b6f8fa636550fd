import type { ObjectStore } from "./object-store.ts";
import type { Store, StoreFindings } from "./store.ts";
import type { Vault } from "./vault.ts";

/** A store that was out when the node started: it can be read as soon as it is back, and is written to once it was probed. */
export class ProbeFirstStore implements Store {
  readonly #store: Store;
  readonly #judge: (findings: StoreFindings) => void;
  #findings: StoreFindings;
  #probing: Promise<StoreFindings> | undefined;
  #probed = false;

  /**
   * @param assumed what is shown until it was probed
   * @param judge throws if what was found is not what the operator asked for
   */
  constructor(store: Store, assumed: StoreFindings, judge: (findings: StoreFindings) => void) {
    this.#store = store;
    this.#findings = assumed;
    this.#judge = judge;
  }

  get place(): string {
    return this.#store.place;
  }

  get findings(): StoreFindings {
    return this.#findings;
  }

  objects(log: string): ObjectStore {
    return this.#admitting(this.#store.objects(log));
  }

  nodes(): ObjectStore {
    return this.#admitting(this.#store.nodes());
  }

  #admitting(objects: ObjectStore): ObjectStore {
    return {
      place: objects.place,
      create: async (key, pieces) => {
        await this.#admit();
        return await objects.create(key, pieces);
      },
      get: (key) => objects.get(key),
      list: (prefix, after) => objects.list(prefix, after),
      delete: (keys) => objects.delete(keys),
    };
  }

  vault(log: string): Vault {
    const vault = this.#store.vault(log);
    return {
      place: vault.place,
      put: async (key, path, options) => {
        await this.#admit();
        return await vault.put(key, path, options);
      },
      get: (object, from, to) => vault.get(object, from, to),
      head: (object) => vault.head(object),
      lock: () => vault.lock(),
      list: () => vault.list(),
    };
  }

  async logNames(): Promise<string[]> {
    return await this.#store.logNames();
  }

  async probe(): Promise<StoreFindings> {
    this.#probing ??= this.#store.probe().finally(() => (this.#probing = undefined));
    const findings = await this.#probing;
    this.#judge(findings);
    this.#findings = findings;
    this.#probed = true;
    return findings;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #admit(): Promise<void> {
    if (!this.#probed) await this.probe();
  }
}
