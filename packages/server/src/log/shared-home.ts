import { join } from "node:path";
import { MalformedError, UnavailableError } from "@stele/proof";
import type { SegmentCache } from "../search/segment-cache.ts";
import { FallbackObjects, FallbackVault } from "../store/fallback.ts";
import type { Vault } from "../store/vault.ts";
import { systemClock } from "./clock.ts";
import { logKeys, type Store, type StoreFindings } from "../store/store.ts";
import type { StoreStatus } from "../ops/status.ts";
import { originOf, type LogHome, type OpenContext } from "./log-home.ts";
import { formatLogFile, identityOf, parseLogFile, type LogIdentity } from "./log-key.ts";
import type { LogSecret } from "./log-secret.ts";
import type { LogStorage } from "./log-storage.ts";
import { openSharedStorage } from "./shared-storage.ts";

export interface SharedHomeOptions {
  readonly store: Store;
  /** What the probe found. */
  readonly findings: () => StoreFindings;
  /** Read from while the store is out. */
  readonly mirrors: readonly Store[];
  readonly secret: LogSecret;
  readonly cache: SegmentCache;
  /** The node's own directory: marks, and below `cache/` what may be deleted. */
  readonly dataDir: string;
  /** Journal objects are deleted only so long after they were sealed (milliseconds). */
  readonly trimDelayMs: number;
  /** How long segments are locked (milliseconds), if the vault locks. */
  readonly retainMs?: number;
}

/** Logs in a store that many nodes share. */
export class SharedHome implements LogHome {
  readonly #options: SharedHomeOptions;

  constructor(options: SharedHomeOptions) {
    this.#options = options;
  }

  async names(): Promise<string[]> {
    const { store, mirrors } = this.#options;
    try {
      return await store.logNames();
    } catch (error) {
      if (!(error instanceof UnavailableError) || !mirrors[0]) throw error;
      return await mirrors[0].logNames();
    }
  }

  async create(name: string, originPrefix: string, createdAt: string): Promise<void> {
    const { store, secret } = this.#options;
    const objects = store.objects(name);
    if (await objects.get(logKeys.identity)) return;
    const origin = originOf(originPrefix, name);
    const { vkey } = identityOf(origin, createdAt, secret.deriveKey(origin));
    // Another node may be first: then its log is the one.
    await objects.create(logKeys.identity, [Buffer.from(formatLogFile({ origin, vkey, createdAt }))]);
  }

  async open(name: string, { idHashSeed, clock }: OpenContext): Promise<LogStorage> {
    const { store, cache, dataDir, trimDelayMs, retainMs } = this.#options;
    const vault = this.#vault(name);
    return await openSharedStorage({
      identity: await this.#identity(name),
      objects: store.objects(name),
      fallback: this.#fallback(name),
      vault,
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
    const { store, findings, cache } = this.#options;
    const { vaultLock, warnings } = findings();
    const unlocked =
      vaultLock === "none"
        ? ["the vault does not lock: whoever may write to the bucket may delete history"]
        : [];
    const remarks = [...unlocked, ...warnings];
    return { place: store.place, kind: "shared", vaultLock, remarks, cache: cache.counters };
  }

  async close(): Promise<void> {
    await this.#options.cache.close();
    await this.#options.store.close();
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

  async #identity(name: string): Promise<LogIdentity> {
    const { store, secret } = this.#options;
    const objects = this.#fallback(name) ?? store.objects(name);
    const place = `${objects.place}/${logKeys.identity}`;
    const text = await objects.get(logKeys.identity);
    if (!text) throw new UnavailableError("log_unfinished", `${place} is not there (yet)`);
    const { origin, vkey, createdAt } = parseLogFile(text.toString(), place);
    // Else whoever can write to the store could have a second history of a log signed, under another name.
    if (!origin.endsWith(originOf("", name))) {
      throw new MalformedError(
        "log_file_malformed",
        `${place} is of ${JSON.stringify(origin)}, which is not a log called ${name}`,
      );
    }
    const identity = identityOf(origin, createdAt, secret.deriveKey(origin));
    if (identity.vkey === vkey) return identity;
    throw new MalformedError(
      "key_mismatch",
      `The secret that --key names does not give the key of log ${name} (${vkey}): it is not the one that the log was made with`,
    );
  }
}
