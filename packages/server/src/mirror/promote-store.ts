import { join } from "node:path";
import { MalformedError, parseNote, UnavailableError, VerificationError } from "@stele/proof";
import { readCheckpointFile } from "../log/acknowledged-mark.ts";
import { logDirectory } from "../log/data-directory.ts";
import { parseLogFile } from "../log/log-key.ts";
import { logKeys, type Store } from "../store/store.ts";
import type { KnownCheckpoint } from "../verify/verify-store.ts";
import { openUnprobed, type StoreAccess } from "./open-mirror.ts";
import { restoreDirectory } from "./restore-directory.ts";
import {
  assertCovered,
  assessPromotion,
  fenceOldPrimary,
  setStraysAside,
  type Fencing,
  type PromotionAssessment,
} from "./promotion.ts";

export interface PromoteOptions extends StoreAccess {
  /** The mirror's URL. */
  readonly mirror: string;
  /** The old primary's URL, if it may still be reached. */
  readonly primary?: string;
  /** The data directory of a node of the old primary: it knows what that node acknowledged. */
  readonly dataDir?: string;
  /** Checkpoints from elsewhere, of any of the logs. */
  readonly lastCheckpoints: readonly KnownCheckpoint[];
  /** A data directory to be made, for a node that goes on without a store: the mirror's logs go there. */
  readonly into?: string;
  /** How many acknowledged entries may be lost: exactly so many. "unknown" where nothing tells. */
  readonly acceptLoss?: number | "unknown";
  /** These logs only. */
  readonly only?: readonly string[];
  /** The vkey that the log must be signed with. */
  readonly key?: string;
  /** Where the verifier keeps what it saw last of each log. */
  readonly stateDirectory: string;
  /** For segments while they are hashed. */
  readonly tempDirectory: string;
  /** Told of each log before it is verified. */
  readonly onLog?: (log: string) => void;
}

export interface PromotedLog {
  readonly assessment: PromotionAssessment;
  readonly fencing: Fencing;
  /** Commits that nothing leads to any more, under their new keys. */
  readonly setAside: readonly string[];
}

/**
 * Makes a mirror the primary: verifies all of it, makes sure that it has whatever the old primary is known to have had,
 * ends writing there if it can be reached, and only then changes anything on the mirror.
 *
 * @throws ConflictError `log_directory_taken`; VerificationError `mirror_not_covering`, `primary_unknown`, `primary_moved`, `log_missing_on_mirror`, and what
 *   verifying throws; UnavailableError if the mirror can't be reached; MalformedError `option_invalid`, `store_url_invalid`
 */
export async function promoteStore(options: PromoteOptions): Promise<PromotedLog[]> {
  const { acceptLoss, into } = options;
  const mirror = openUnprobed(options.mirror, "MIRROR", options);
  const oldPrimary =
    options.primary === undefined ? undefined : openUnprobed(options.primary, "--primary", options);
  try {
    const logs = await logsOf(mirror, oldPrimary, options);
    const known = await knownCheckpoints(mirror, logs, options);
    const assessments: PromotionAssessment[] = [];
    for (const log of logs) {
      options.onLog?.(log);
      const { stateDirectory, tempDirectory, key } = options;
      assessments.push(
        await assessPromotion(log, {
          mirror,
          oldPrimary,
          known: known.get(log)!,
          stateDirectory,
          tempDirectory,
          ...(key !== undefined && { key }),
        }),
      );
    }
    assertCovered(assessments, acceptLoss);
    const fencings: Fencing[] = [];
    for (const assessment of assessments) {
      fencings.push(await fenceOldPrimary(assessment, oldPrimary, into ?? mirror.place));
    }
    const promoted: PromotedLog[] = [];
    for (const [i, assessment] of assessments.entries()) {
      const { log, verified } = assessment;
      if (into !== undefined) await restoreDirectory(mirror, log, verified, logDirectory(into, log));
      promoted.push({
        assessment,
        fencing: fencings[i]!,
        setAside: await setStraysAside(assessment, mirror),
      });
    }
    return promoted;
  } finally {
    await oldPrimary?.close();
    await mirror.close();
  }
}

/** The logs to promote. @throws VerificationError `log_missing_on_mirror`; MalformedError `log_unknown` */
async function logsOf(
  mirror: Store,
  oldPrimary: Store | undefined,
  { only }: PromoteOptions,
): Promise<readonly string[]> {
  const present = await mirror.logNames();
  const wanted = only ?? [...new Set([...present, ...(await namesIfReached(oldPrimary))])];
  const missing = wanted.filter((log) => !present.includes(log));
  if (missing.length > 0) {
    throw new VerificationError(
      "log_missing_on_mirror",
      `${mirror.place} does not have the log ${missing.join(", ")}. Reconcile it, or promote others with --only`,
      { missing },
    );
  }
  if (wanted.length === 0) throw new MalformedError("log_unknown", `${mirror.place} has no log`);
  return wanted;
}

async function namesIfReached(oldPrimary: Store | undefined): Promise<string[]> {
  try {
    return (await oldPrimary?.logNames()) ?? [];
  } catch (error) {
    if (error instanceof UnavailableError) return []; // Likely it is lost: that is what promotion is for.
    throw error;
  }
}

/** What is known of each log beside what its stores say. */
async function knownCheckpoints(
  mirror: Store,
  logs: readonly string[],
  { dataDir, lastCheckpoints }: PromoteOptions,
): Promise<Map<string, KnownCheckpoint[]>> {
  const known = new Map<string, KnownCheckpoint[]>();
  const matched = new Set<KnownCheckpoint>();
  for (const log of logs) {
    const objects = mirror.objects(log);
    const place = `${objects.place}/${logKeys.identity}`;
    const { origin } = parseLogFile((await objects.get(logKeys.identity))?.toString() ?? "", place);
    const ofLog = lastCheckpoints.filter(({ note }) => parseNote(note).text.split("\n", 1)[0] === origin);
    for (const each of ofLog) matched.add(each);
    const markPath = dataDir === undefined ? undefined : join(logDirectory(dataDir, log), "checkpoint");
    const mark = markPath === undefined ? undefined : await readCheckpointFile(markPath);
    known.set(log, mark ? [...ofLog, { place: markPath!, note: mark }] : ofLog);
  }
  const foreign = lastCheckpoints.find((each) => !matched.has(each));
  if (foreign) {
    throw new MalformedError(
      "option_invalid",
      `${foreign.place} is not a checkpoint of any of ${logs.join(", ")}`,
    );
  }
  return known;
}
