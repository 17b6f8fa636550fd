import { hash } from "node:crypto";
import { constants } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SteleClient, type EventInput } from "@stele/client";
import { startNode } from "@stele/server";
import { DemoTimeline } from "../../../packages/cli/src/demo-timeline.ts";
import { Traffic } from "../../../packages/cli/src/traffic.ts";

/** In the log `main`; the log `empty` has none. */
export const FILLED_EVENTS = 210_000;
/** Three of them are sealed, the rest is hot, so that pages meet both. */
export const SEGMENT_ENTRIES = 65_536;

const EVENTS_PER_DAY = FILLED_EVENTS / 30;
const BATCH_EVENTS = 2_000;
const DAY_MS = 86_400_000;
/** Of other days or sources, that nobody takes any more. */
const KEPT_MS = 2 * DAY_MS;
const PREFIX = "stele-console-data-";
/** What decides what is in it. */
const SOURCES = [
  import.meta.filename,
  new URL("../../../packages/cli/src/traffic.ts", import.meta.url),
  new URL("../../../packages/cli/src/traffic-world.ts", import.meta.url),
  new URL("../../../packages/cli/src/demo-timeline.ts", import.meta.url),
];

/** A copy of the filled data directory, to be written to and removed. */
export async function copyOfFilledDirectory(into: string): Promise<void> {
  const made = await filledDirectory();
  await cp(made, into, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/**
 * A data directory with the simulated traffic of the 30 days before today, not to be written to. Made once a day, which takes half
 * a minute, and kept among the temporary files. Of processes that make it at the same time the first one's stays.
 */
export async function filledDirectory(): Promise<string> {
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const sources = await Promise.all(SOURCES.map((file) => readFile(file)));
  const name = hash("sha256", Buffer.concat([...sources, Buffer.from(String(todayMs))])).slice(0, 16);
  const directory = join(tmpdir(), `${PREFIX}${name}`);
  if (await exists(directory)) {
    await utimes(directory, new Date(), new Date());
    return directory;
  }
  await removeOld();
  const making = await mkdtemp(`${directory}-`);
  try {
    await fill(making, todayMs);
    await rename(making, directory);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (!(await exists(directory))) throw error;
  }
  return directory;
}

async function fill(dataDir: string, untilMs: number): Promise<void> {
  const running = await startNode({ dataDir, port: 0, segmentEntries: SEGMENT_ENTRIES, verifyEveryMs: 0 });
  try {
    const client = new SteleClient({ endpoints: [running.url] });
    await client.createLog("empty");
    const nextEvent = trafficUntil(untilMs);
    for (let sent = 0; sent < FILLED_EVENTS; sent += BATCH_EVENTS) {
      await client.append(Array.from({ length: BATCH_EVENTS }, nextEvent));
    }
    const sealedSize = FILLED_EVENTS - (FILLED_EVENTS % SEGMENT_ENTRIES);
    while ((await client.info()).sealedSize < sealedSize) await sleep(100);
  } finally {
    await running.close();
  }
}

/** Each event is of a source, which numbers its events without a gap. */
function trafficUntil(untilMs: number): () => EventInput {
  const timeline = new DemoTimeline(EVENTS_PER_DAY);
  const traffic = new Traffic({ seed: 7, first: timeline.eventsUntil(untilMs) - FILLED_EVENTS });
  const numbers = new Map<string, number>();
  return () => {
    const event = traffic.next(timeline.timeOf(traffic.position));
    const id = sourceOf(event.action, traffic.position);
    const seq = numbers.get(id) ?? 1;
    numbers.set(id, seq + 1);
    return { ...event, source: { id, seq } };
  };
}

function sourceOf(action: string, position: number): string {
  if (action.startsWith("k8s.")) return "cluster";
  if (action.startsWith("deploy.")) return "delivery";
  return `app-${1 + (position % 3)}`;
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
