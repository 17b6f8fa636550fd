import { MalformedError, VerificationError } from "@stele/proof";
import { openUnprobed, type StoreAccess } from "../mirror/open-mirror.ts";
import type { VerificationReport } from "./report.ts";
import { verifyStoreLog, type VerifiedStoreLog, type VerifyStoreOptions } from "./verify-store.ts";

export interface VerifyStoreUrlOptions extends VerifyStoreOptions, StoreAccess {
  /** These logs only; all of the store unless told. */
  readonly only?: readonly string[];
}

/**
 * Verifies logs in a store (`s3://bucket/prefix`, `file:///directory`), primary or mirror, with no node between: all of it is read.
 *
 * @throws VerificationError with the first difference, `entries_missing`, `commits_unreachable`; MalformedError `log_unknown`,
 *   `store_url_invalid`; UnavailableError
 */
export async function* verifyStoreUrl(
  url: string,
  options: VerifyStoreUrlOptions,
): AsyncGenerator<VerificationReport, void, undefined> {
  const store = openUnprobed(url, "STORE", options);
  try {
    const logs = options.only ?? (await store.logNames());
    if (logs.length === 0) throw new MalformedError("log_unknown", `${store.place} has no logs`);
    for (const log of logs) yield whole(await verifyStoreLog(store, log, options));
  } finally {
    await store.close();
  }
}

/** A log of which nothing is known to be missing. @throws VerificationError `entries_missing`, `commits_unreachable` */
function whole(verified: VerifiedStoreLog): VerifiedStoreLog {
  const { place, treeSize, beyond, strays } = verified;
  if (strays[0] !== undefined) {
    throw new VerificationError(
      "commits_unreachable",
      `${place}: the journal ends at entry ${treeSize}, but there is ${strays[0]}: what is between is missing`,
      { place, strays },
    );
  }
  const [largest] = beyond;
  if (largest) {
    throw new VerificationError(
      "entries_missing",
      `${largest.place} is of ${largest.treeSize} entries, but only ${treeSize} are there: the end was cut off`,
      { place, claimed: largest.treeSize, present: treeSize },
    );
  }
  return verified;
}
