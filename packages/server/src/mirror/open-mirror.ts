import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";

/** How stores are reached by commands beside the nodes. */
export interface StoreAccess {
  /** For `s3://` URLs that don't say it themselves. AWS unless told. */
  readonly s3Endpoints?: readonly string[];
  readonly s3Region?: string;
  /** How segments are locked where the vault can: compliance unless told. */
  readonly lock?: "compliance" | "governance";
  /** For each call. 10 s unless told. */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 10_000;

/**
 * Opens a store where no vault has to lock; asks nothing of it yet.
 *
 * @throws MalformedError `store_url_invalid`
 */
export function openUnprobed(url: string, option: string, access: StoreAccess, vault?: string): Store {
  const { s3Endpoints, s3Region, storeTimeoutMs, lock } = access;
  return openStore({
    journal: url,
    journalOption: option,
    ...(vault !== undefined && { vault }),
    s3: {
      ...(s3Endpoints && { endpoints: s3Endpoints }),
      ...(s3Region !== undefined && { region: s3Region }),
    },
    lock: { mode: lock ?? "compliance", required: false },
    timeoutMs: storeTimeoutMs ?? STORE_TIMEOUT_MS,
  });
}

/**
 * Opens a mirror to write to, and finds out whether it can be one. What is put into its vault is locked if the vault can.
 *
 * @throws MalformedError `store_url_invalid`, `store_unfit`; UnavailableError `store_unavailable`, `store_denied`
 */
export async function openMirror(url: string, option: string, access: StoreAccess): Promise<Store> {
  const store = openUnprobed(url, option, access);
  try {
    await store.probe();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
