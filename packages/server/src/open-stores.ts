import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MalformedError, UnavailableError } from "@stele/proof";
import type { NodeMirrors } from "./node-options.ts";
import type { KeySource } from "./log/signer/key-source.ts";
import { SharedHome } from "./log/shared-home.ts";
import { SegmentCache } from "./search/segment-cache.ts";
import { FileStore } from "./store/file-store.ts";
import { ObservedStore, type ObserveCall } from "./store/observed-store.ts";
import { openStore } from "./store/open-store.ts";
import { openUnprobed } from "./mirror/open-mirror.ts";
import { ProbeFirstStore } from "./store/probe-first-store.ts";
import type { Store, StoreFindings } from "./store/store.ts";

/** A store that nodes share, as an operator names it. */
export interface SharedOptions {
  /** `s3://bucket/prefix` or `file:///directory`: commits and whatever needs agreement. */
  readonly journal: string;
  /** Where sealed segments go: below `journal` unless told. */
  readonly vault?: string;
  /** S3 gateways, one as good as the other. AWS unless told. */
  readonly s3Endpoints?: readonly string[];
  readonly s3Region?: string;
  /** How long segments are locked, in days. */
  readonly retainDays?: number;
  /** What lock: compliance unless told. */
  readonly lock?: "compliance" | "governance";
  /** `none`: go on though the vault does not lock. */
  readonly vaultLock?: "required" | "none";
  /** How much of the vault may be kept on this node's disk. 10 GiB unless told. */
  readonly cacheBytes?: number;
  /** Of logs that this node makes: commits are deleted so long after they were sealed. An hour unless told. */
  readonly trimAfterMs?: number;
  /** For each call of the store, with its attempts. 5 s unless told. */
  readonly storeTimeoutMs?: number;
}

/** Second, independent stores, as an operator names them. */
export interface MirrorOptions {
  /** `s3://bucket/prefix?endpoint=…&vault=bucket/prefix` or `file:///directory`. */
  readonly urls: readonly string[];
  readonly mode?: "async" | "sync";
  readonly timeoutMs?: number;
  readonly failure?: "fail" | "degrade";
  /** A day unless told. */
  readonly reconcileEveryMs?: number;
}

const MIRROR_TIMEOUT_MS = 5_000;
const CACHE_BYTES = 10 * 2 ** 30;
const STORE_TIMEOUT_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A shared store that can be read already. */
export interface OpenedHome {
  readonly home: SharedHome;
  /** Rejects (`store_unfit`, `option_invalid`, `store_unavailable`, `store_denied`) unless it can be trusted with commits. */
  readonly probed: Promise<void>;
}

/**
 * Opens a shared store. Whether it can be trusted with commits is found out meanwhile, and before anything is written.
 *
 * @param keySources where the keys of logs are: the same at all nodes
 * @throws MalformedError `store_url_invalid`
 */
export async function openSharedHome(
  dataDir: string,
  options: SharedOptions,
  keySources: readonly KeySource[],
  mirrors: readonly Store[],
  observe: ObserveCall,
): Promise<OpenedHome> {
  const { retainDays } = options;
  const cacheDirectory = join(dataDir, "cache");
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 }); // entries will be in it
  const opened = openStore({
    journal: options.journal,
    ...(options.vault !== undefined && { vault: options.vault }),
    s3: {
      ...(options.s3Endpoints && { endpoints: options.s3Endpoints }),
      ...(options.s3Region !== undefined && { region: options.s3Region }),
    },
    lock: { mode: options.lock ?? "compliance", required: options.vaultLock !== "none" },
    timeoutMs: options.storeTimeoutMs ?? STORE_TIMEOUT_MS,
  });
  const lock = options.vaultLock === "none" ? "none" : (options.lock ?? "compliance");
  const store = new ProbeFirstStore(
    new ObservedStore(opened, observe),
    { vaultLock: lock, warnings: ["it was out when this node started, and is not probed yet"] },
    (findings) => judgeRetention(store.place, findings, retainDays),
  );
  // Reading begins while the store is probed. What keeps it from being made is told by the probe.
  if (opened instanceof FileStore) await opened.make().catch(storeIsOut);
  const probed = probe(store, mirrors.length > 0);
  probed.catch(() => undefined); // told to whoever awaits it
  try {
    const home = new SharedHome({
      store,
      mirrors,
      findings: () => store.findings,
      keySources,
      openCache: () =>
        SegmentCache.open({
          directory: join(cacheDirectory, "_segments"),
          cacheBytes: options.cacheBytes ?? CACHE_BYTES,
        }),
      dataDir,
      trimDelayMs: options.trimAfterMs,
      ...(retainDays !== undefined && { retainMs: retainDays * DAY_MS }),
    });
    return { home, probed };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** With mirrors, a node may start while its store is out: it reads, and probes before it writes. */
async function probe(store: Store, hasMirrors: boolean): Promise<void> {
  try {
    await store.probe();
  } catch (error) {
    const isOut = error instanceof UnavailableError && error.code === "store_unavailable";
    if (!isOut || !hasMirrors) throw error;
  }
}

/** @throws MalformedError `option_invalid` */
function judgeRetention(place: string, { vaultLock }: StoreFindings, retainDays: number | undefined): void {
  const locks = vaultLock === "compliance" || vaultLock === "governance";
  if (locks && retainDays === undefined) {
    throw new MalformedError(
      "option_invalid",
      `The vault ${place} locks segments: say for how many days (--retain DAYS), or that it shall not (--vault-lock none)`,
    );
  }
  if (!locks && retainDays !== undefined) {
    throw new MalformedError(
      "option_invalid",
      `The vault ${place} can't lock segments, so --retain ${retainDays} can't be kept`,
    );
  }
}

/**
 * Opens mirrors. They need not be there: what they lack is brought to them when they come.
 *
 * @throws MalformedError `store_url_invalid`
 */
export async function openMirrors(
  {
    urls,
    mode = "async",
    timeoutMs = MIRROR_TIMEOUT_MS,
    failure = "fail",
    reconcileEveryMs = DAY_MS,
  }: MirrorOptions,
  shared: Pick<SharedOptions, "s3Endpoints" | "s3Region" | "lock">,
): Promise<NodeMirrors> {
  const stores: Store[] = [];
  for (const url of urls) {
    const store = openUnprobed(url, "--mirror", { ...shared, storeTimeoutMs: STORE_TIMEOUT_MS });
    if (store instanceof FileStore) await store.make().catch(storeIsOut);
    stores.push(store);
  }
  return { stores, policy: { mode, timeoutMs, failure, reconcileEveryMs } };
}

/** Nothing to do about it yet: whoever uses the store is told which directory is not there. */
function storeIsOut(error: unknown): void {
  if (!(error instanceof UnavailableError)) throw error;
}
