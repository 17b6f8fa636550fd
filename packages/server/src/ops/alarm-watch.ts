import type { AuditLog } from "../log/audit-log.ts";
import type { Alarm, AlarmBoard } from "./alarms.ts";
import { formatDuration } from "./duration.ts";

/** An alarm, if what it says goes on for so long. */
interface Condition extends Alarm {
  readonly afterMs: number;
}

const LOOK_EVERY_MS = 5_000;
/** A moment without writes is no news: clients send again. */
const UNWRITABLE_MS = 30_000;
const NOT_IN_STEP_MS = 60_000;
const INDEX_MS = 60_000;
const INDEX_LAG_ENTRIES = 500_000;
const MIRROR_FAILING_MS = 60_000;
const MIRROR_LAG_MS = 300_000;
/** So long after the start a condition may not have shown again: what was told before is not over yet. */
const START_MS = 120_000;

const CODES = new Set([
  "log_unwritable",
  "log_not_in_step",
  "index_failing",
  "mirror_failing",
  "mirror_lagging",
]);

export interface AlarmWatchOptions {
  readonly board: AlarmBoard;
  readonly logs: () => readonly Pick<AuditLog, "status" | "search">[];
  /** Called each time, too. */
  readonly onLook?: () => void;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Looks now and then at what logs are at, and raises an alarm for what stays wrong. */
export class AlarmWatch {
  readonly #options: AlarmWatchOptions;
  readonly #startedMs: number;
  readonly #since = new Map<string, number>();
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
    this.#startedMs = options.monotonicMs();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const { board, logs, monotonicMs, onLook } = this.#options;
    const nowMs = monotonicMs();
    const present = new Set<string>();
    for (const { afterMs, ...alarm } of logs().flatMap(conditionsOf)) {
      const key = keyOf(alarm);
      present.add(key);
      const sinceMs = this.#since.get(key) ?? nowMs;
      this.#since.set(key, sinceMs);
      if (nowMs - sinceMs < afterMs) continue;
      this.#seen.add(key);
      board.raise(alarm);
    }
    for (const key of this.#since.keys()) if (!present.has(key)) this.#since.delete(key);
    const isSettled = nowMs - this.#startedMs >= START_MS;
    for (const alarm of board.active) {
      const key = keyOf(alarm);
      if (!CODES.has(alarm.code) || present.has(key) || !(isSettled || this.#seen.has(key))) continue;
      this.#seen.delete(key);
      board.clear(alarm);
    }
    onLook?.();
    board.settle();
  }
}

function conditionsOf(log: Pick<AuditLog, "status" | "search">): Condition[] {
  const { name, writable, followingMs, treeSize, indexedSize, mirrors } = log.status();
  const of = { log: name, subject: name } as const;
  const found: Condition[] = [];
  if (!writable.ok) {
    found.push({
      ...of,
      code: "log_unwritable",
      severity: "critical",
      message: `The log ${name} takes no writes at this node: ${writable.reason}`,
      afterMs: UNWRITABLE_MS,
    });
  }
  if (followingMs > NOT_IN_STEP_MS) {
    found.push({
      ...of,
      code: "log_not_in_step",
      severity: "warning",
      message: `This node does not know what others have committed to the log ${name}: it is cut off from the store, or shows old data`,
      afterMs: NOT_IN_STEP_MS,
    });
  }
  const { failure } = log.search;
  const lag = treeSize - indexedSize;
  if (failure || lag > INDEX_LAG_ENTRIES) {
    found.push({
      ...of,
      code: "index_failing",
      severity: "warning",
      message: failure
        ? `The index of the log ${name} fails: ${failure.message}. Searches do not see what was committed since`
        : `The index of the log ${name} is ${lag} entries behind: searches do not see them`,
      afterMs: INDEX_MS,
    });
  }
  for (const { place, failure: reason, lagEntries, lagMs } of mirrors) {
    if (reason !== undefined) {
      found.push({
        log: name,
        subject: place,
        code: "mirror_failing",
        severity: "warning",
        message: `The mirror ${place} does not get on: ${reason}`,
        afterMs: MIRROR_FAILING_MS,
      });
    }
    if (lagMs > MIRROR_LAG_MS) {
      found.push({
        log: name,
        subject: place,
        code: "mirror_lagging",
        severity: "warning",
        message: `The mirror ${place} lacks ${lagEntries.toLocaleString("en-US")} entries, the oldest for ${formatDuration(lagMs)}: if the primary were lost now, they would be, too`,
        afterMs: 0,
      });
    }
  }
  return found;
}

function keyOf({ code, log, subject }: Pick<Alarm, "code" | "log" | "subject">): string {
  return JSON.stringify([code, log, subject]);
}
