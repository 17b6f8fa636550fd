import { RefusedError, type EventProblem, type SteleClient } from "@stele/client";
import { MalformedError } from "@stele/proof";

/** An event on its way to a node. */
export interface PendingEvent {
  /** JSON text. */
  readonly json: string;
  /** As it is in the file. */
  readonly source: string;
  /** Why it is not to be sent at all. */
  readonly problem?: string;
  /** Where it came from, for people: `events.ndjson, line 7`. */
  readonly place: string;
}

/** An event that the node does not take. */
export interface RefusedEvent extends PendingEvent {
  readonly reason: string;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** Called after each batch. */
  readonly onProgress: () => Promise<void>;
  /** Takes events that are refused, so that the upload goes on without them. Otherwise the first one ends it. */
  readonly onRefused?: (event: RefusedEvent) => Promise<void>;
}

export interface UploadCounts {
  /** Durable now that were not there before. */
  added: number;
  /** The log had these ids already. */
  duplicates: number;
  refused: number;
  /** The size of the log behind the last batch; 0 before the first. */
  treeSize: number;
}

const BATCH_EVENTS_MAX = 1_000;
/** Below the node's limit for a body (16 MiB), whatever ids are put in. */
const BATCH_LENGTH_MAX = 4 << 20;
/** Once a node has answered, it is given time to start again. */
const PATIENT_ATTEMPTS_MAX = 12;

/** An event ended the upload: nothing of its batch was added, everything of the batches before it. */
export class UploadRefusedError extends MalformedError {
  constructor({ place, reason }: RefusedEvent) {
    super("event_invalid", `${place}: ${reason}`);
  }
}

/**
 * Appends events in their order, batch after batch, one at a time.
 *
 * @param counts begin at 0, and are right also when it throws
 * @throws UploadRefusedError, and what `SteleClient.append` throws
 */
export async function uploadEvents(
  client: SteleClient,
  events: AsyncIterable<PendingEvent>,
  counts: UploadCounts,
  options: UploadOptions,
): Promise<void> {
  for await (const batch of batches(events)) {
    options.signal.throwIfAborted();
    await uploadBatch(client, batch, counts, options);
    await options.onProgress();
  }
}

async function uploadBatch(
  client: SteleClient,
  batch: readonly PendingEvent[],
  counts: UploadCounts,
  options: UploadOptions,
): Promise<void> {
  let pending = await withoutRefused(batch, problemsOf(batch), counts, options);
  while (pending.length > 0) {
    try {
      const attempts = counts.treeSize > 0 ? { attemptsMax: PATIENT_ATTEMPTS_MAX } : {};
      const texts = pending.map(({ json }) => json);
      const { receipts, treeSize } = await client.append(texts, { signal: options.signal, ...attempts });
      const duplicates = receipts.filter(({ duplicate }) => duplicate).length;
      counts.duplicates += duplicates;
      counts.added += receipts.length - duplicates;
      counts.treeSize = treeSize;
      return;
    } catch (error) {
      if (!(error instanceof RefusedError) || error.problems.length === 0) throw error;
      const kept = await withoutRefused(pending, error.problems, counts, options);
      if (kept.length === pending.length) throw error;
      pending = kept;
    }
  }
}

async function withoutRefused(
  batch: readonly PendingEvent[],
  problems: readonly EventProblem[],
  counts: UploadCounts,
  options: UploadOptions,
): Promise<PendingEvent[]> {
  const reasons = new Map<number, string>();
  for (const { position, path, reason } of problems) {
    const before = reasons.get(position);
    const one = `${path}${path && " "}${reason}`;
    reasons.set(position, before === undefined ? one : `${before}; ${one}`);
  }
  const kept: PendingEvent[] = [];
  for (const [position, event] of batch.entries()) {
    const reason = reasons.get(position);
    if (reason === undefined) {
      kept.push(event);
      continue;
    }
    const refused = { ...event, reason };
    if (!options.onRefused) throw new UploadRefusedError(refused);
    await options.onRefused(refused);
    counts.refused++;
  }
  return kept;
}

function problemsOf(batch: readonly PendingEvent[]): EventProblem[] {
  return batch.flatMap(({ problem: reason }, position) =>
    reason === undefined ? [] : [{ position, path: "", reason }],
  );
}

async function* batches(
  events: AsyncIterable<PendingEvent>,
): AsyncGenerator<PendingEvent[], void, undefined> {
  let batch: PendingEvent[] = [];
  let length = 0;
  for await (const event of events) {
    if (
      batch.length === BATCH_EVENTS_MAX ||
      (batch.length > 0 && length + event.json.length > BATCH_LENGTH_MAX)
    ) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(event);
    length += event.json.length;
  }
  if (batch.length > 0) yield batch;
}
