import { join } from "node:path";
import type { LogKeys } from "@stele/proof";
import { systemClock } from "../log/clock.ts";
import { logDirectory, logNames } from "../log/data-directory.ts";
import { objectStatements, readStatements } from "../log/key-statements.ts";
import { openLogIdentity, parseLogFile } from "../log/log-key.ts";
import { listSegments } from "../search/segment-reader.ts";
import { logKeys, type Store } from "../store/store.ts";
import { chooseKeys, recall } from "../verify/remembered.ts";
import { DirectoryPrimary } from "./directory-primary.ts";
import { openUnprobed, openMirror, type StoreAccess } from "./open-mirror.ts";
import type { PrimaryLog } from "./primary-log.ts";
import { reconcileLog, type ReconcileOptions } from "./reconcile.ts";
import type { ReconcileReport } from "./reconcile-report.ts";
import { SharedPrimary } from "./shared-primary.ts";

export interface ReconcileStoresOptions
  extends StoreAccess, Pick<ReconcileOptions, "quick" | "bytesPerSecondMax" | "tempDirectory" | "onAlarm"> {
  /** A store that nodes share, or the data directory of one node. */
  readonly primary: { readonly journal: string; readonly vault?: string } | { readonly dataDir: string };
  /** The mirror's URL. */
  readonly mirror: string;
  /** These logs only. */
  readonly only?: readonly string[];
  /** Create on the primary what it lacks and the mirror has, verified. Only of a store. */
  readonly restorePrimary?: boolean;
  /** The vkey that the log must be signed with. */
  readonly key?: string;
  /** Where the verifier keeps what it saw last of each log. */
  readonly stateDirectory: string;
}

/**
 * Reconciles a mirror with its primary, log by log ({@link reconcileLog}).
 *
 * @throws also MalformedError `store_url_invalid`, `store_unfit`; VerificationError `key_changed`
 */
export async function* reconcileStores(options: ReconcileStoresOptions): AsyncGenerator<ReconcileReport> {
  const { primary, only } = options;
  const mirror = await openMirror(options.mirror, "MIRROR", options);
  const store =
    "journal" in primary ? openUnprobed(primary.journal, "--primary", options, primary.vault) : undefined;
  try {
    const names = "dataDir" in primary ? await logNames(primary.dataDir) : await store!.logNames();
    for (const log of names) {
      if (only && !only.includes(log)) continue;
      yield "dataDir" in primary
        ? await reconcileDirectory(log, logDirectory(primary.dataDir, log), mirror, options)
        : await reconcileStore(log, store!, mirror, options);
    }
  } finally {
    await store?.close();
    await mirror.close();
  }
}

async function reconcileDirectory(
  log: string,
  directory: string,
  mirror: Store,
  options: ReconcileStoresOptions,
): Promise<ReconcileReport> {
  const identity = await openLogIdentity(directory);
  const segments = async () => await listSegments(join(directory, "segments"));
  const primary = new DirectoryPrimary({ directory, identity, segments });
  return await reconcile(log, primary, identity.keys, mirror, options);
}

async function reconcileStore(
  log: string,
  store: Store,
  mirror: Store,
  options: ReconcileStoresOptions,
): Promise<ReconcileReport> {
  const objects = store.objects(log);
  const place = `${objects.place}/${logKeys.identity}`;
  const shown = parseLogFile((await objects.get(logKeys.identity))?.toString() ?? "", place);
  const remembered = await recall(options.stateDirectory, shown.origin);
  const statements = await readStatements(objectStatements(objects));
  const { keys } = chooseKeys(
    { ...shown, statements },
    options.key === undefined ? [] : [options.key],
    remembered,
  );
  const primary = new SharedPrimary(objects, store.vault(log), keys);
  return await reconcile(log, primary, keys, mirror, options, primary);
}

async function reconcile(
  log: string,
  primary: PrimaryLog,
  keys: LogKeys,
  mirror: Store,
  { quick, bytesPerSecondMax, tempDirectory, onAlarm, restorePrimary }: ReconcileStoresOptions,
  restore?: SharedPrimary,
): Promise<ReconcileReport> {
  return await reconcileLog({
    log,
    primary,
    keys,
    objects: mirror.objects(log),
    vault: mirror.vault(log),
    tempDirectory,
    clock: systemClock,
    ...(quick !== undefined && { quick }),
    ...(bytesPerSecondMax !== undefined && { bytesPerSecondMax }),
    ...(onAlarm && { onAlarm }),
    ...(restorePrimary && restore && { restore }),
  });
}
