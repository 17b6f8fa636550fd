import { setTimeout as sleep } from "node:timers/promises";
import type { SteleClient } from "@stele/client";
import { DemoTimeline } from "./demo-timeline.ts";
import { Traffic } from "./traffic.ts";

const SEED = 20_260_101;
const BACKFILL_EVENTS = 20_000;
const EVENTS_PER_DAY = 4_000;
const BATCH_EVENTS = 1_000;
const LIVE_PAUSE_MS = 400;
/** How many events come at once: about three a second, and not evenly. */
const LIVE_RHYTHM = [1, 2, 1, 0, 3, 1, 2, 0];

export interface DemoOptions {
  readonly client: SteleClient;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly onBackfill: (done: number, total: number) => Promise<void>;
}

/**
 * Lets simulated traffic run into a log until the signal: first the past days, then a few events a second. The past
 * is a function of the time alone, ids included, so that starting again adds only what is new of it.
 */
export async function feedDemo(options: DemoOptions): Promise<void> {
  try {
    await backfill(options);
    await feedLive(options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

async function backfill({ client, signal, nowMs, onBackfill }: DemoOptions): Promise<void> {
  const timeline = new DemoTimeline(EVENTS_PER_DAY);
  const first = timeline.eventsUntil(nowMs()) - BACKFILL_EVENTS;
  const past = new Traffic({ seed: SEED, first });
  for (let done = 0; done < BACKFILL_EVENTS; done += BATCH_EVENTS) {
    const batch = Array.from({ length: BATCH_EVENTS }, () => past.json(timeline.timeOf(past.position)));
    await client.append(batch, { signal });
    await onBackfill(done + BATCH_EVENTS, BACKFILL_EVENTS);
  }
}

async function feedLive({ client, signal, nowMs }: DemoOptions): Promise<void> {
  const present = new Traffic({ seed: nowMs() });
  for (let tick = 0; ; tick++) {
    await sleep(LIVE_PAUSE_MS, undefined, { signal });
    const count = LIVE_RHYTHM[tick % LIVE_RHYTHM.length]!;
    if (count === 0) continue;
    await client.append(
      Array.from({ length: count }, () => present.json(nowMs())),
      { signal },
    );
  }
}
