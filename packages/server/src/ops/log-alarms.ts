import type { LogReport } from "../log/log-report.ts";
import type { Alarm, Alarms } from "./alarms.ts";

const SIGNER_FAILING = { code: "signer_failing", subject: "signer" } as const;

/** Turns what happens to a log in the background into alarms, where somebody has to know it. */
export function alarmsOfReport(alarms: Alarms, log: string, event: LogReport): void {
  switch (event.kind) {
    case "mirror_conflict": {
      const { place, key, keptAs, sha256 } = event;
      alarms.raise({
        code: "mirror_conflict",
        log,
        subject: place,
        severity: "critical",
        message: `The mirror ${place} has another ${key} than the primary. Nothing was overwritten; the primary's is kept as ${keptAs}. Find out which one the log signed: stele reconcile`,
        evidence: { place, key, kept_as: keptAs, sha256 },
      });
      return;
    }
    case "reconciled": {
      const { place, alarms: found } = event.report;
      alarms.clear({ code: "reconcile_failing", log, subject: place });
      if (found.length === 0) {
        alarms.clear({ code: "mirror_conflict", log, subject: place });
        return;
      }
      alarms.raise({
        code: "mirror_conflict",
        log,
        subject: place,
        severity: "critical",
        message: `The mirror ${place} is not as the primary: ${found.length} objects to look at, the first is ${found[0]!.key} (${found[0]!.kind}): ${found[0]!.detail}`,
        evidence: { place, found: found.slice(0, 100) },
      });
      return;
    }
    case "reconcile_failed":
      alarms.raise({
        code: "reconcile_failing",
        log,
        subject: event.place,
        severity: "warning",
        message: `The mirror ${event.place} could not be compared with the primary: ${messageOf(event.error)}`,
      });
      return;
    case "mirror_degraded":
      alarms.raise({
        code: "mirror_degraded",
        log,
        subject: event.place,
        severity: "warning",
        message: `The mirror ${event.place} is behind: events are acknowledged without it, as --mirror-failure degrade has it`,
      });
      return;
    case "mirror_in_step":
      alarms.clear({ code: "mirror_degraded", log, subject: event.place });
      return;
    case "signer_failed":
      alarms.raise(signerFailing(log, event.error));
      return;
    case "signer_recovered":
      alarms.clear({ ...SIGNER_FAILING, log });
      return;
    // What else lasts is seen by AlarmWatch.
    case "failed":
    case "recovered":
    case "keys_changed":
    case "mirror_failed":
    case "mirror_recovered":
    case "policy_changed":
    case "sealed":
    case "stale":
    case "tail_cut":
  }
}

/** A log can't be opened: it is neither written nor read at this node. */
export function logNotOpened(alarms: Alarms, log: string, error: unknown): void {
  alarms.raise({
    code: "log_not_opened",
    log,
    subject: log,
    severity: "critical",
    message: `The log ${log} can't be opened here: ${messageOf(error)}`,
  });
}

export function logOpened(alarms: Alarms, log: string): void {
  alarms.clear({ code: "log_not_opened", log, subject: log });
}

function signerFailing(log: string, error: unknown): Alarm {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  return {
    ...SIGNER_FAILING,
    log,
    severity: "critical",
    message: `The log ${log} takes no writes at this node, or is signed with some of its keys only: ${why}`,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
