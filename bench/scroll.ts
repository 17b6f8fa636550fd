import { setTimeout as sleep } from "node:timers/promises";
import { NodeProcess, runLoad } from "./processes.ts";
import { fixed, percentile } from "./statistics.ts";

const LOG = "/v1/logs/main";
const OFFSET_MAX = 1_000_000;
const OFFSETS = [0, 0.001, 0.5, 0.999];
/** As a node has them, unless told. */
const SEGMENT_ENTRIES = 262_144;
const FACETS = ["actor", "action", "target", "outcome", "tenant", "source"];

/** Of a query, from how many runs; `n` makes another query that has the same hits, so that no count is kept of it. */
interface Asked {
  readonly name: string;
  readonly runs: number;
  readonly query: (n: number) => string;
}

const ASKED: readonly Asked[] = [
  { name: "no query", runs: 21, query: () => "" },
  { name: "a field that excludes nothing", runs: 7, query: (n) => `-actor:nobody-${n}` },
  { name: "a free text that excludes nothing", runs: 3, query: (n) => `-"no such text ${n}"` },
];

/** What a page costs anywhere in a result of as many hits as there are entries, all of them hot first, then sealed. */
export async function* measureScrolling(
  dataDir: string,
  port: number,
  events: number,
  runsMax = Infinity,
): AsyncGenerator<[name: string, ...figures: string[]]> {
  const perSegment = Math.min(SEGMENT_ENTRIES, Math.floor(events / 4 / 256) * 256);
  // What is not a whole segment would stay hot.
  const filled = events - (events % perSegment);
  let runs = 0;
  for (const place of ["hot", "sealed"]) {
    const segmentEntries = place === "hot" ? 8 * filled : perSegment;
    const flags = ["--segment-entries", String(segmentEntries)];
    const node = await NodeProcess.start(dataDir, port, flags);
    try {
      if (place === "hot") {
        const load = { url: node.url, path: `${LOG}/events`, connections: 4, eventsPerRequest: 1000 };
        await runLoad({ ...load, events: filled, seed: 7 });
      } else await sealed(node.url, perSegment);
      const get = (path: string) => timed(`${node.url}${LOG}/${path}&min_index=${filled - 1}`);
      await get("histogram?buckets=1");
      // Of hot entries, a free text reads all of the journal: a page of a million takes longer than it may.
      for (const asked of place === "hot" ? ASKED.slice(0, 2) : ASKED) {
        const figures: string[] = [];
        const times = Math.min(asked.runs, runsMax);
        for (const share of OFFSETS) {
          const first: number[] = [];
          const again: number[] = [];
          for (let n = 0; n < times; n++) {
            const q = encodeURIComponent(asked.query(runs++));
            const offset = Math.floor(Math.min(filled, OFFSET_MAX) * share);
            const path = `events?q=${q}&as_of=${filled}&limit=100&offset=`;
            first.push(await get(path + offset));
            again.push(await get(path + Math.max(0, offset - 100)));
          }
          figures.push(`${median(first)}, then ${median(again)}`);
        }
        const counted: number[] = [];
        for (let n = 0; n < times; n++) {
          counted.push(await get(`histogram?q=${encodeURIComponent(asked.query(runs++))}&buckets=1`));
        }
        yield [`${place}, ${asked.name}`, ...figures, median(counted)];
      }
      yield await explore(
        place,
        get,
        () => encodeURIComponent(ASKED[1]!.query(runs++)),
        Math.min(7, runsMax),
      );
    } finally {
      await node.stop();
    }
  }
}

function partsOf(query: string): string[] {
  return [
    `histogram?q=${query}&buckets=60&field=outcome`,
    ...FACETS.map((field) => `top?q=${query}&field=${field}`),
  ];
}

/** A histogram and six facets of one query: one after the other, and at once. */
async function explore(
  place: string,
  get: (path: string) => Promise<number>,
  query: () => string,
  runs: number,
): Promise<[string, ...string[]]> {
  const alone: number[][] = [];
  const together: number[] = [];
  for (let n = 0; n < runs; n++) {
    const times: number[] = [];
    for (const path of partsOf(query())) times.push(await get(path));
    alone.push(times);
    const started = performance.now();
    await Promise.all(partsOf(query()).map(get));
    together.push(performance.now() - started);
  }
  const each = [...alone[0]!.keys()].map((i) => median(alone.map((times) => times[i]!))).join(" + ");
  const sums = alone.map((times) => times.reduce((a, b) => a + b, 0));
  return [`${place}, histogram + six facets`, each, `= ${median(sums)}`, `at once ${median(together)}`];
}

function median(times: readonly number[]): string {
  return `${fixed(percentile(times, 0.5))} ms`;
}

async function timed(url: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url);
  const body = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`);
  return performance.now() - started;
}

async function sealed(url: string, perSegment: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const hot = Number(/^stele_hot_entries\{log="main"\} (\d+)/m.exec(metrics)?.[1]);
    if (hot < perSegment) return;
    await sleep(500);
  }
}
