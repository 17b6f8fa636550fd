import { UnavailableError, VerificationError } from "@stele/proof";
import type { SegmentRecord } from "../search/segment-record.ts";
import type { Vault } from "../store/vault.ts";

function until(ms: number | undefined): string {
  return ms === undefined ? "not locked" : `locked until ${new Date(ms).toISOString()}`;
}

/**
 * A segment that was sealed with a date is locked at least until then, and as firmly as its vault is to lock. Vaults that can't
 * lock, and dates that have passed, ask for nothing.
 *
 * @param nowMs Unix milliseconds
 * @throws VerificationError `segment_not_locked` naming the place; UnavailableError
 */
export async function auditLock(
  { segment, retainUntilMs }: Pick<SegmentRecord, "segment" | "retainUntilMs">,
  vault: Vault,
  nowMs: number,
): Promise<void> {
  if (retainUntilMs === undefined || retainUntilMs <= nowMs) return;
  const lock = await vault.lock();
  if (lock === "none") return;
  const place = `${vault.place}/${segment.key}`;
  const found = await vault.head(segment);
  if (!found) throw new UnavailableError("segment_unavailable", `${place} is not there`);
  const isLong = (found.retainUntilMs ?? -Infinity) >= retainUntilMs;
  const isFirm = lock === "governance" || found.lock === "compliance";
  if (isLong && isFirm) return;
  throw new VerificationError(
    "segment_not_locked",
    `${place} is ${until(found.retainUntilMs)} (${found.lock ?? "no mode"}); it should be ${until(retainUntilMs)} (${lock}). It can be deleted: find out who took the lock away, and copy it`,
    {
      place,
      expected: { retainUntilMs, lock },
      found: { retainUntilMs: found.retainUntilMs, lock: found.lock },
    },
  );
}
