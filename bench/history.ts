import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import { verifyLogDirectory } from "../packages/server/src/index.ts";
import { LocalSegmentFiles } from "../packages/server/src/search/segment-files.ts";
import { listSegments, streamEntryBlocks } from "../packages/server/src/search/segment-reader.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { NodeProcess, runLoad } from "./processes.ts";
import { fixed, percentile, whole } from "./statistics.ts";

const LOG = "/v1/logs/main";
const READS = 200;
const RUNS = 7;

/** Fills a log, waits until it is sealed, and measures what it costs to keep, to open, to search and to verify. */
export async function* measureHistory(
  dataDir: string,
  port: number,
  events: number,
): AsyncGenerator<[name: string, figure: string]> {
  let node = await NodeProcess.start(dataDir, port);
  try {
    const load = {
      url: node.url,
      path: `${LOG}/events`,
      connections: 8,
      eventsPerRequest: 1000,
      events,
      seed: 7,
    };
    // While it writes, a reader searches.
    let searching = true;
    const { url } = node;
    const searcher = (async () => {
      for (let n = 0; searching; n++) {
        await timed(url, `${LOG}/events?outcome=denied&limit=50`);
        await sleep(100);
      }
    })();
    const written = await runLoad(load);
    searching = false;
    await searcher;
    yield ["written, each event new, while searching", `${whole(written.events / written.seconds)} events/s`];
    yield [
      "resident memory of the node and its children, at most, while writing and searching",
      mib(node.rssMaxBytes),
    ];
    const sealing = performance.now();
    await sealed(node.url);
    yield ["sealed behind the last event after", `${fixed((performance.now() - sealing) / 1000)} s`];
    await node.stop();

    const { segmentBytes, zstdBytes, entries, entryBytes } = await sizes(dataDir);
    if (entries > 0) {
      yield ["sealed entries", `${whole(entries)} of ${whole(entryBytes / entries)} B`];
      yield ["sealed at rest, proofs and index included", `${fixed(segmentBytes / entries)} B an event`];
      yield [
        "… in `zstd -3` of the same NDJSON",
        `${fixed(segmentBytes / zstdBytes, 3)} (${fixed(zstdBytes / entries)} B)`,
      ];
    }
    node = await NodeProcess.start(dataDir, port);
    yield ["start, process to ready", `${whole(node.startMs)} ms`];

    const actors = await someActors(node.url, events);
    yield [
      "timeline of one actor, page of 50",
      await spread(READS, (n) => timed(node.url, `${LOG}/events?actor=${actors[n]}&limit=50`)),
    ];
    yield [
      "filter + histogram",
      await spread(RUNS * 5, (n) =>
        timed(node.url, `${LOG}/histogram?q=${filter(n)}&buckets=60&field=outcome`),
      ),
    ];
    yield [
      "free text over everything, no hit",
      await spread(RUNS, (n) => timed(node.url, `${LOG}/events?q=%22no%20such%20text%20${n}%22`)),
    ];
    yield [
      "entry with inclusion proof, at random",
      await spread(READS, (n) => timed(node.url, `${LOG}/events/${(n * 7_919_993) % events}?proof=1`)),
    ];
    yield ["resident memory, at most, while reading", mib(node.rssMaxBytes)];
    const report = await verifyLogDirectory(join(dataDir, "logs", "main"), {
      stateDirectory: join(dataDir, "verified"),
    });
    yield [
      "full verify",
      `${whole(report.checked.entries / report.seconds)} entries/s (${fixed(report.seconds)} s)`,
    ];
  } finally {
    await node.stop();
  }
}

/** The actors of entries at random: busy ones more often than rare ones, as people look them up. */
async function someActors(url: string, events: number): Promise<string[]> {
  const actors: string[] = [];
  for (let n = 0; n < READS; n++) {
    const response = await fetch(`${url}${LOG}/events/${(n * 15_485_863) % events}`);
    const { entry } = (await response.json()) as { entry: { actor: { id: string } } };
    actors.push(encodeURIComponent(entry.actor.id));
  }
  return actors;
}

function filter(n: number): string {
  return encodeURIComponent(
    ["outcome:failure", "tenant:tenant-7", "action:document.*", "-action:document.read"][n % 4]!,
  );
}

async function timed(url: string, path: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url + path);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
  return performance.now() - started;
}

async function spread(runs: number, measure: (n: number) => Promise<number>): Promise<string> {
  const times: number[] = [];
  for (let n = 0; n < runs; n++) times.push(await measure(n));
  return `p50 ${fixed(percentile(times, 0.5))} ms, p95 ${fixed(percentile(times, 0.95))} ms`;
}

/** Until no segment's worth of entries is left to seal. */
async function sealed(url: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const hot = Number(/^stele_hot_entries\{log="main"\} (\d+)/m.exec(metrics)?.[1]);
    if (hot < 262_144) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function sizes(dataDir: string) {
  const directory = join(dataDir, "logs", "main", "segments");
  let segmentBytes = 0;
  for (const name of await readdir(directory)) segmentBytes += (await stat(join(directory, name))).size;
  let zstdBytes = 0;
  let entries = 0;
  let entryBytes = 0;
  const lines = async function* (): AsyncGenerator<Buffer> {
    const files = new LocalSegmentFiles(directory);
    for (const segment of await listSegments(directory)) {
      for await (const block of streamEntryBlocks(files, segment)) {
        entries += block.entries.length;
        const joined = Buffer.concat(block.entries.flatMap((entry) => [entry, Buffer.from("\n")]));
        entryBytes += joined.length;
        yield joined;
      }
    }
  };
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  for await (const chunk of Readable.from(lines()).pipe(zstd)) zstdBytes += (chunk as Buffer).length;
  return { segmentBytes, zstdBytes, entries, entryBytes };
}

function mib(bytes: number): string {
  return `${whole(bytes / 2 ** 20)} MiB`;
}
