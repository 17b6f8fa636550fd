import { createHash } from "node:crypto";
import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import { fencedError, formatFence, parseFence } from "../store/fence.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys, type Store } from "../store/store.ts";
import { parseCommitObject } from "../verify/commit-audit.ts";
import {
  verifyStoreLog,
  type KnownCheckpoint,
  type VerifiedStoreLog,
  type VerifyStoreOptions,
} from "../verify/verify-store.ts";

/** Whether the old primary still takes commits. */
export type Fencing =
  | { readonly kind: "fenced"; readonly start: number }
  /** `reason`: why it could not be; then nothing keeps nodes from writing there. */
  | { readonly kind: "not_fenced"; readonly reason: string };

/** How a mirror stands to what is known of its primary. Nothing was changed yet. */
export interface PromotionAssessment {
  readonly log: string;
  readonly verified: VerifiedStoreLog;
  /** How many entries that the old primary is known to have had are not on the mirror. */
  readonly lost: number;
  /** What showed how far the old primary was; none: nobody knows. What was verified here before may have been the mirror. */
  readonly sources: readonly string[];
  /** Why the old primary could not be asked, if it could not. */
  readonly unreachable: string | undefined;
}

export interface AssessOptions extends VerifyStoreOptions {
  readonly mirror: Store;
  readonly oldPrimary?: Store | undefined;
}

/**
 * Verifies one log of a mirror completely, and compares it with everything that is known of the primary.
 *
 * @throws VerificationError if the mirror is not what the log signed, or has another history than what is known
 * @throws UnavailableError `log_fenced` if the mirror itself was fenced
 */
export async function assessPromotion(log: string, options: AssessOptions): Promise<PromotionAssessment> {
  const { mirror, oldPrimary, known = [] } = options;
  const asked = oldPrimary && (await reach(() => newestCheckpoint(oldPrimary.objects(log))));
  const shown = asked?.result ? [asked.result] : [];
  const verified = await verifyStoreLog(mirror, log, { ...options, known: [...known, ...shown] });
  if (verified.fence) throw fencedError(verified.fence, verified.place);
  const farthest = verified.beyond[0]?.treeSize ?? verified.treeSize;
  return {
    log,
    verified,
    lost: farthest - verified.treeSize,
    sources: [...known, ...shown].map(({ place }) => place),
    unreachable: asked?.reason,
  };
}

/**
 * Checks that what would be lost is exactly what the operator accepted: a number of entries over all logs, or "unknown"
 * where nothing tells how far the primary was.
 *
 * @throws VerificationError `mirror_not_covering`, `primary_unknown`
 */
export function assertCovered(
  assessments: readonly PromotionAssessment[],
  accepted: number | "unknown" | undefined,
): void {
  const unknown = assessments.filter(({ sources }) => sources.length === 0).map(({ log }) => log);
  if (unknown.length > 0 && accepted !== "unknown") {
    throw new VerificationError(
      "primary_unknown",
      `Nothing shows how far the old primary of ${unknown.join(", ")} was, so that its newest entries may be missing. Give --primary, --data or --last-checkpoint; or accept that with “--accept-loss unknown”`,
      { unknown },
    );
  }
  const lost = assessments.reduce((sum, assessment) => sum + assessment.lost, 0);
  if (lost === (accepted === "unknown" ? 0 : (accepted ?? 0))) return;
  const each = assessments
    .filter((assessment) => assessment.lost > 0)
    .map(
      ({ log, verified: { treeSize, beyond } }) =>
        `${log} has ${treeSize} entries, but ${beyond[0]!.place} is of ${beyond[0]!.treeSize}`,
    );
  throw new VerificationError(
    "mirror_not_covering",
    lost === 0
      ? `Nothing is known to be lost, but --accept-loss ${accepted} was given: leave it out`
      : `${lost} acknowledged entries would be lost: ${each.join("; ")}. If that is accepted, say “--accept-loss ${lost}”`,
    { lost, accepted },
  );
}

/**
 * Ends writing at the old primary, at the position where its journal ends now, if it can be reached and the mirror still
 * covers it. Safe to call again.
 *
 * @throws VerificationError `primary_moved`: it is still written to; it was not fenced
 */
export async function fenceOldPrimary(
  { log, verified, lost }: PromotionAssessment,
  oldPrimary: Store | undefined,
  successor: string,
): Promise<Fencing> {
  if (!oldPrimary) return { kind: "not_fenced", reason: "nobody said where it is (--primary)" };
  const objects = oldPrimary.objects(log);
  const covered = verified.treeSize + lost;
  const fenced = await reach(async () => {
    for (;;) {
      const { end, isFenced } = await journalEnd(objects);
      if (isFenced) return end;
      if (end > covered) {
        throw new VerificationError(
          "primary_moved",
          `${objects.place} went on to ${end} entries while it was compared (at ${covered}): stop its nodes first, let the mirror catch up, and promote again`,
          { end, covered },
        );
      }
      const fence = formatFence({ origin: verified.origin, start: end, successor });
      if ((await objects.create(logKeys.commit(end), [fence])) === "created") return end;
    }
  });
  return fenced.reason === undefined
    ? { kind: "fenced", start: fenced.result! }
    : { kind: "not_fenced", reason: fenced.reason };
}

/**
 * Takes away from a mirror's journal what nothing leads to any more, since what is between is lost: it would stand in the
 * way of new commits. It is kept under `conflicts/`. Returns the keys.
 */
export async function setStraysAside(
  { log, verified: { strays } }: PromotionAssessment,
  mirror: Store,
): Promise<string[]> {
  const objects = mirror.objects(log);
  const keys: string[] = [];
  for (const key of strays) {
    const bytes = await objects.get(key);
    if (!bytes) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const keptAs = `conflicts/${key}-${sha256.slice(0, 16)}`;
    await objects.create(keptAs, [bytes]);
    await objects.delete([key]);
    keys.push(keptAs);
  }
  return keys;
}

/** The checkpoint of the newest commit of a store, unverified. */
async function newestCheckpoint(objects: ObjectStore): Promise<KnownCheckpoint | undefined> {
  const { checkpoint, place } = await journalEnd(objects);
  return checkpoint === undefined ? undefined : { place, note: Buffer.from(checkpoint) };
}

interface JournalEnd {
  readonly end: number;
  readonly isFenced: boolean;
  readonly checkpoint?: string;
  readonly place: string;
}

/** Where a journal ends: behind the newest commit, where there may be a fence. */
async function journalEnd(objects: ObjectStore): Promise<JournalEnd> {
  const newest: string[] = [];
  for await (const { key } of objects.list(logKeys.journal)) {
    newest.push(key);
    if (newest.length > 2) newest.shift();
  }
  let isFenced = false;
  for (const key of newest.toReversed()) {
    const place = `${objects.place}/${key}`;
    const bytes = await objects.get(key);
    if (!bytes) throw new UnavailableError("store_unavailable", `${place} was listed, but is not there`);
    const start = Number(key.slice(logKeys.journal.length));
    if (parseFence(bytes)) {
      isFenced = true;
      if (newest.length === 1) return { end: start, isFenced, place };
      continue;
    }
    const { count, checkpoint } = parseCommitObject(bytes, start, place);
    return { end: start + count, isFenced, checkpoint, place };
  }
  return { end: 0, isFenced, place: objects.place };
}

/** What `work` gives; or why the old primary, which may be lost or damaged, could not answer. */
async function reach<T>(work: () => Promise<T>): Promise<{ readonly result?: T; readonly reason?: string }> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!(error instanceof SteleError) || error.code === "primary_moved") throw error;
    return { reason: error.message };
  }
}
