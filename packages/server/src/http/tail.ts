import type { AuditLog } from "../log/audit-log.ts";
import { eventState } from "../publish/event-state.ts";

export interface TailOptions {
  /** The first leaf index. May be past the head: then the tail waits for it. */
  readonly from: number;
  readonly matches: (entry: Uint8Array) => boolean;
  /** Between two signs of life when there is nothing to send. */
  readonly heartbeatMs: number;
  /**
   * How long the client may still read, in milliseconds, as far as is known: until its token expires. Throws once it may not
   * any more: the token expired or was revoked.
   */
  readonly allowedMs: () => number;
  /** Ends the tail. */
  readonly signal: AbortSignal;
}

/** So that what one tail has in memory is about this, however long the entries are. */
const BATCH_BYTES = 128 * 1024;
const BATCH_ENTRIES_MAX = 1_024;
/** How late a client may learn that more was looked at and nothing found. */
const PROGRESS_MS = 1_000;

/**
 * The entries from `from` on, as server-sent events (HTML Living Standard, section 9.2), for as long as `signal` lets it.
 * It reads by index and only when it is asked for more, so a client that falls behind costs no memory: it is
 * further back in the log. A sign of life carries the index up to which nothing matched, for the client to resume at.
 */
export async function* tailEvents(
  log: AuditLog,
  { from, matches, heartbeatMs, allowedMs, signal }: TailOptions,
): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(`retry: 1000\n: log ${log.name} from ${from}\n\n`);
  let next = from;
  let batchEntries = 16;
  let aliveAtMs = performance.now();
  let isTold = true;
  while (!signal.aborted) {
    const untilMs = allowedMs();
    const silenceMs = isTold ? heartbeatMs : Math.min(PROGRESS_MS, heartbeatMs);
    const { treeSize } = log.head();
    if (next < treeSize) {
      const entries = await log.readEntries(next, Math.min(treeSize, next + batchEntries));
      const isHit = entries.map(matches);
      isTold = isHit.at(-1) === true;
      const chunk = formatEvents(log, next, entries, isHit);
      next += entries.length;
      batchEntries = batchLength(entries);
      if (chunk.length > 0) {
        yield chunk;
        aliveAtMs = performance.now();
        continue;
      }
    } else {
      // Not beyond what the client may: an idle tail ends with its token.
      await nextCommit(log, Math.min(silenceMs, untilMs), signal);
    }
    if (performance.now() - aliveAtMs >= silenceMs) {
      yield Buffer.from(next > 0 ? `: alive\nid: ${next - 1}\n\n` : ": alive\n\n");
      aliveAtMs = performance.now();
      isTold = true;
    }
  }
}

const END = Buffer.from("}\n\n");

function formatEvents(
  log: AuditLog,
  start: number,
  entries: readonly Uint8Array[],
  isHit: readonly boolean[],
): Buffer {
  const sizes = log.stateSizes();
  const pieces = entries.flatMap((entry, i) => {
    if (isHit[i] !== true) return [];
    const index = start + i;
    const head = `id: ${index}\ndata: {"index":${index},"state":"${eventState(index, sizes)}","entry":`;
    return [Buffer.from(head), entry, END];
  });
  return Buffer.concat(pieces);
}

function batchLength(entries: readonly Uint8Array[]): number {
  const lengthBytes = entries.reduce((sum, entry) => sum + entry.length, 1);
  const fitting = Math.floor((BATCH_BYTES * entries.length) / lengthBytes);
  return Math.max(1, Math.min(BATCH_ENTRIES_MAX, fitting));
}

/** Resolves at the next commit, after the time-out, or when the signal is given, whatever comes first. */
function nextCommit(log: AuditLog, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    const unsubscribe = log.onCommit(done);
    signal.addEventListener("abort", done);
  });
}
