import { join } from "node:path";
import { MalformedError, UnavailableError } from "@stele/proof";
import type { SegmentCache } from "../search/segment-cache.ts";
import { FallbackObjects, FallbackVault } from "../store/fallback.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Vault } from "../store/vault.ts";
import { systemClock } from "./clock.ts";
import { logKeys, type Store, type StoreFindings } from "../store/store.ts";
import type { StoreStatus } from "../ops/status.ts";
import { LOG_NAME } from "./data-directory.ts";
import { originOf, type LogHome, type OpenContext } from "./log-home.ts";
import { firstVkey, formatLogFile, parseLogFile } from "./log-key.ts";
import { LogIdentity } from "./log-identity.ts";
import { objectStatements } from "./key-statements.ts";
import type { KeySource } from "./signer/key-source.ts";
import type { LogStorage } from "./log-storage.ts";
import { openSharedStorage } from "./shared-storage.ts";

export interface SharedHomeOptions {
  readonly store: Store;
  /** What the probe found. */
  readonly findings: () => StoreFindings;
  /** Read from while the store is out. */
  readonly mirrors: readonly Store[];
  /** Where the keys of logs are, the same at all nodes; new ones come from the first that has any. */
  readonly keySources: readonly KeySource[];
  /** Opens the cache; called once the data directory's lock is held. */
  readonly openCache: () => Promise<SegmentCache>;
  /** The node's own directory: marks, and below `cache/` what may be deleted. */
  readonly dataDir: string;
  /** Of new logs: commits are deleted only so long after they were sealed (milliseconds). An hour unless told. */
  readonly trimDelayMs?: number | undefined;
  /** How long segments are locked (milliseconds), if the vault locks. */
  readonly retainMs?: number;
}

const TRIM_DELAY_MS = 60 * 60 * 1000;

/** Logs in a store that many nodes share. */
export class SharedHome implements LogHome {
  readonly isOwn = false;
  readonly #options: SharedHomeOptions;
  #opened: SegmentCache | undefined;
  #opening: Promise<SegmentCache> | undefined;

  constructor(options: SharedHomeOptions) {
    this.#options = options;
  }

  get nodes(): ObjectStore {
    return this.#options.store.nodes();
  }

  async names(): Promise<string[]> {
    const { store, mirrors } = this.#options;
    try {
      return (await store.logNames()).filter(isName);
    } catch (error) {
      if (!(error instanceof UnavailableError) || !mirrors[0]) throw error;
      return (await mirrors[0].logNames()).filter(isName);
    }
  }

  async create(name: string, originPrefix: string, createdAt: string): Promise<void> {
    const { store, keySources, trimDelayMs = TRIM_DELAY_MS } = this.#options;
    const objects = store.objects(name);
    if (await objects.get(logKeys.identity)) return;
    const origin = originOf(originPrefix, name);
    const vkey = await firstVkey(origin, keySources);
    // Another node may be first: then its log is the one.
    const file = formatLogFile({ origin, vkey, createdAt, trimDelayMs });
    await objects.create(logKeys.identity, [Buffer.from(file)]);
  }

  async open(name: string, { idHashSeed, clock }: OpenContext): Promise<LogStorage> {
    const { store, dataDir, retainMs } = this.#options;
    const cache = await this.#cache();
    const vault = this.#vault(name);
    const { identity, trimDelayMs } = await this.#identity(name);
    return await openSharedStorage({
      identity,
      objects: store.objects(name),
      fallback: this.#fallback(name),
      vault,
      primaryVault: store.vault(name),
      segmentFiles: cache.forLog(name, vault),
      directory: join(dataDir, "logs", name),
      cacheDirectory: join(dataDir, "cache", name),
      idHashSeed,
      clock,
      trimDelayMs,
      retainUntilMs: () => (retainMs === undefined ? undefined : clock.nowMs() + retainMs),
    });
  }

  status(): StoreStatus {
    const { store, findings } = this.#options;
    const { vaultLock, warnings } = findings();
    const unlocked =
      vaultLock === "none"
        ? ["the vault does not lock: whoever may write to the bucket may delete history"]
        : [];
    const remarks = [...unlocked, ...warnings];
    return {
      place: store.place,
      kind: "shared",
      vaultLock,
      remarks,
      ...(this.#opened && { cache: this.#opened.counters }),
    };
  }

  async close(): Promise<void> {
    await this.#opened?.close();
    await this.#options.store.close();
  }

  async #cache(): Promise<SegmentCache> {
    this.#opening ??= this.#options.openCache();
    return (this.#opened = await this.#opening);
  }

  #fallback(name: string): FallbackObjects | undefined {
    const { store, mirrors } = this.#options;
    if (mirrors.length === 0) return undefined;
    const others = mirrors.map((mirror) => mirror.objects(name));
    return new FallbackObjects(store.objects(name), others, { clock: systemClock });
  }

  #vault(name: string): Vault {
    const { store, mirrors } = this.#options;
    const others = mirrors.map((mirror) => mirror.vault(name));
    return new FallbackVault(store.vault(name), others, { clock: systemClock });
  }

  async #identity(name: string): Promise<{ identity: LogIdentity; trimDelayMs: number }> {
    const { store, keySources } = this.#options;
    const objects = this.#fallback(name) ?? store.objects(name);
    const place = `${objects.place}/${logKeys.identity}`;
    const text = await objects.get(logKeys.identity);
    if (!text) throw new UnavailableError("log_unfinished", `${place} is not there (yet)`);
    const file = parseLogFile(text.toString(), place);
    const { origin, vkey, createdAt, trimDelayMs = TRIM_DELAY_MS } = file;
    // Else whoever can write to the store could have a second history of a log signed, under another name.
    if (!origin.endsWith(originOf("", name))) {
      throw new MalformedError(
        "log_file_malformed",
        `${place} is of ${JSON.stringify(origin)}, which is not a log called ${name}`,
      );
    }
    const statements = objectStatements(store.objects(name));
    const identity = new LogIdentity({
      origin,
      createdAt,
      firstVkey: vkey,
      statements,
      sources: keySources,
    });
    await this.#learnKeys(identity, name);
    await identity.assertSigns();
    return { identity, trimDelayMs };
  }

  /** From mirrors while the store is out: they may lag, so it is asked again before anything is signed. */
  async #learnKeys(identity: LogIdentity, name: string): Promise<void> {
    const { mirrors } = this.#options;
    try {
      await identity.refresh();
    } catch (error) {
      if (!(error instanceof UnavailableError) || mirrors.length === 0) throw error;
      for (const mirror of mirrors) {
        const statements = objectStatements(mirror.objects(name));
        await identity.refresh(statements).catch((cause: unknown) => {
          if (!(cause instanceof UnavailableError)) throw cause; // this mirror is out, too
        });
      }
    }
  }
}

/** Others may have put something else there. */
function isName(name: string): boolean {
  return LOG_NAME.test(name);
}
