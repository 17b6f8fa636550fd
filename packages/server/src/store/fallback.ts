import { MalformedError, UnavailableError } from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import { AnyVersionVault } from "./any-version-vault.ts";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import type { Vault, VaultLock, VaultObject, VaultRef } from "./vault.ts";

/** A store that failed is not asked again for so long: else each read would wait for its time-out. */
const OPEN_MS = 5_000;

/** Who serves reads, told whenever that changes. */
export interface FallbackReport {
  /** The store that served, for a person. */
  readonly place: string;
  readonly isPrimary: boolean;
  /** Why it was not one before it in the order. */
  readonly cause?: unknown;
}

export interface FallbackOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly report?: (served: FallbackReport) => void;
}

/** Whether trying another store can help: this one can't be reached, or refuses. */
function isOut(error: unknown): error is UnavailableError {
  return (
    error instanceof UnavailableError && (error.code === "store_unavailable" || error.code === "store_denied")
  );
}

/** Asks the stores of one log one after the other, and leaves out for a while those that just failed. */
class Order<Source extends { readonly place: string }> {
  readonly sources: readonly Source[];
  readonly #options: FallbackOptions;
  /** On the monotonic clock, by source: before this moment it is not asked. */
  readonly #closedUntilMs: number[];
  #serving = 0;

  constructor(sources: readonly Source[], options: FallbackOptions) {
    this.sources = sources;
    this.#options = options;
    this.#closedUntilMs = sources.map(() => 0);
  }

  /** What the first source gives that can. */
  async first<T>(work: (source: Source, isPrimary: boolean) => Promise<T>): Promise<T> {
    const causes: unknown[] = [];
    for (const i of this.#candidates()) {
      try {
        const result = await work(this.sources[i]!, i === 0);
        this.#served(i, causes[0]);
        return result;
      } catch (error) {
        const next = isOut(error) || (i > 0 && isAbsent(error));
        if (!next) throw error;
        if (isOut(error)) this.#leaveOut(i);
        causes.push(error);
      }
    }
    throw causes.find(isOut) ?? causes[0];
  }

  /** In order; those that just failed only if there is nothing else. */
  #candidates(): number[] {
    const now = this.#options.clock.monotonicMs();
    const all = this.sources.map((_, i) => i);
    const rested = all.filter((i) => this.#closedUntilMs[i]! <= now);
    // One read finds out whether a store is back; the others don't wait for that.
    for (const i of rested) if (this.#closedUntilMs[i]! > 0) this.#leaveOut(i);
    return [...rested, ...all.filter((i) => !rested.includes(i))];
  }

  #leaveOut(i: number): void {
    this.#closedUntilMs[i] = this.#options.clock.monotonicMs() + OPEN_MS;
  }

  #served(i: number, cause?: unknown): void {
    this.#closedUntilMs[i] = 0;
    if (i === this.#serving) return;
    this.#serving = i;
    const { place } = this.sources[i]!;
    this.#options.report?.({ place, isPrimary: i === 0, ...(cause !== undefined && { cause }) });
  }
}

/** A mirror does not have it (yet). */
function isAbsent(error: unknown): boolean {
  return error instanceof MalformedError && error.code === "vault_key_unknown";
}

function notOnMirror(place: string, key: string): UnavailableError {
  return new UnavailableError(
    "store_unavailable",
    `The primary store is out, and ${place} has no ${key} (yet)`,
  );
}

/**
 * Objects that are read from mirrors while the primary is out. Only what is there is believed of a mirror, never that
 * something is not. Whatever changes something goes to the primary alone. A list from a mirror may lack the newest.
 *
 * Not for deciding what was committed: that takes the primary.
 */
export class FallbackObjects implements ObjectStore {
  readonly #order: Order<ObjectStore>;

  constructor(primary: ObjectStore, mirrors: readonly ObjectStore[], options: FallbackOptions) {
    this.#order = new Order([primary, ...mirrors], options);
  }

  get place(): string {
    return this.#order.sources[0]!.place;
  }

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    return await this.#order.sources[0]!.create(key, pieces);
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#order.first(async (objects, isPrimary) => {
      const bytes = await objects.get(key);
      if (!bytes && !isPrimary) throw notOnMirror(objects.place, key);
      return bytes;
    });
  }

  /** If a store fails in the middle, the next one goes on behind the last key. */
  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    let last = after;
    for (;;) {
      const page = await this.#order.first((objects) => firstPage(objects, prefix, last));
      yield* page;
      last = page.at(-1)?.key;
      if (page.length < PAGE) return;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#order.sources[0]!.delete(keys);
  }
}

const PAGE = 1000;

async function firstPage(objects: ObjectStore, prefix: string, after?: string): Promise<ObjectInfo[]> {
  const page: ObjectInfo[] = [];
  for await (const info of objects.list(prefix, after)) {
    page.push(info);
    if (page.length === PAGE) break;
  }
  return page;
}

/** A vault that is read from mirrors while the primary is out; a version that one of them does not know is passed over. */
export class FallbackVault implements Vault {
  readonly #order: Order<Vault>;

  constructor(primary: Vault, mirrors: readonly Vault[], options: FallbackOptions) {
    const sources = [primary, ...mirrors].map((vault) => new AnyVersionVault(vault));
    this.#order = new Order<Vault>(sources, options);
  }

  get place(): string {
    return this.#order.sources[0]!.place;
  }

  /** One of the stores alone: 0 is the primary. For whoever found that what another one gave is damaged. */
  from(n: number): Vault | undefined {
    return this.#order.sources[n];
  }

  async put(key: string, path: string, options: { readonly retainUntilMs?: number }): Promise<VaultObject> {
    return await this.#order.sources[0]!.put(key, path, options);
  }

  async get(object: VaultRef, from: number, to: number): Promise<Uint8Array> {
    return await this.#order.first((vault) => vault.get(object, from, to));
  }

  async head(object: VaultRef): Promise<VaultObject | undefined> {
    return await this.#order.first(async (vault, isPrimary) => {
      const found = await vault.head(object);
      if (!found && !isPrimary) throw notOnMirror(vault.place, object.key);
      return found;
    });
  }

  async lock(): Promise<VaultLock> {
    return await this.#order.sources[0]!.lock();
  }

  async list(): Promise<VaultObject[]> {
    return await this.#order.first((vault) => vault.list());
  }
}
