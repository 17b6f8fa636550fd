import { MalformedError } from "@stele/proof";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";

/** How stores are reached by commands beside the nodes. */
export interface StoreAccess {
  /** For `s3://` URLs that don't say it themselves. AWS unless told. */
  readonly s3Endpoints?: readonly string[];
  readonly s3Region?: string;
  /** For each call. 10 s unless told. */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 10_000;

/**
 * Opens a store that is only read from, or that gets no segments.
 *
 * @throws MalformedError `store_url_invalid`
 */
export function openForReading(url: string, option: string, access: StoreAccess, vault?: string): Store {
  return open(url, option, access, false, vault);
}

/**
 * Opens a mirror to write to, and finds out whether it can be one. What is put into its vault is locked if the vault can.
 *
 * @throws MalformedError `store_url_invalid`, `store_unfit`; UnavailableError `store_unavailable`, `store_denied`
 */
export async function openMirror(url: string, option: string, access: StoreAccess): Promise<Store> {
  const locking = open(url, option, access, true);
  try {
    await locking.probe();
    return locking;
  } catch (error) {
    await locking.close();
    if (!(error instanceof MalformedError) || error.code !== "store_unfit") throw error;
  }
  const store = open(url, option, access, false);
  try {
    await store.probe();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function open(
  url: string,
  journalOption: string,
  { s3Endpoints, s3Region, storeTimeoutMs }: StoreAccess,
  required: boolean,
  vault?: string,
): Store {
  return openStore({
    journal: url,
    journalOption,
    ...(vault !== undefined && { vault }),
    s3: {
      ...(s3Endpoints && { endpoints: s3Endpoints }),
      ...(s3Region !== undefined && { region: s3Region }),
    },
    lock: { mode: "compliance", required },
    timeoutMs: storeTimeoutMs ?? STORE_TIMEOUT_MS,
  });
}
