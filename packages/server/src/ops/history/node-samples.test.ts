import { expect, it } from "vitest";
import type { LogStatus } from "../status.ts";
import { nodeSamples } from "./node-samples.ts";
import { RequestMeter } from "./request-meter.ts";
import { HISTORY_SERIES } from "./series.ts";

const log = (name: string): LogStatus => ({
  name,
  origin: `test.invalid/logs/${name}`,
  treeSize: 700,
  lastCommitMs: undefined,
  commitsPerSecond: 2,
  eventsPerSecond: 30,
  journalStart: 256,
  sealedSize: 512,
  segments: 2,
  indexedSize: 690,
  queueBytes: 12,
  followingMs: 1_500,
  writable: { ok: true },
  mirrors: [
    {
      place: "s3://b/p",
      mode: "sync",
      mirroredSize: 600,
      lagEntries: 100,
      lagMs: 2_500,
      conflicts: 0,
    },
  ],
  publishedSize: 650,
  publishedMs: 1_000,
  witnessedSize: 650,
  witnesses: [
    { name: "w1", host: "w1.example", cosignedSize: 650, cosignedAgoMs: 1_500 },
    { name: "w2", host: "w2.example", cosignedSize: 0, cosignedAgoMs: undefined },
  ],
  verification: {
    isRunning: true,
    progress: 0.5,
    position: 350,
    entriesPerSecond: 10,
    verifiedBytes: 1_000,
    findings: 3,
    isLate: false,
  },
});

const PROCESS = { residentBytes: 1e8, eventLoopDelaySeconds: 0.002, tails: 4 };

/** As `name{labels} value`. */
function shown(logs: readonly LogStatus[]): string[] {
  let nowMs = 0;
  const meter = new RequestMeter(() => nowMs);
  meter.count({ method: "POST", route: "/v1/logs/:log/events", status: 201, seconds: 0.01 });
  meter.count({ method: "GET", route: "/v1/logs/:log/events", status: 200, seconds: 0.01 });
  nowMs = 1_000;
  const sources = logs.map((one) => ({ log: one.name, withGaps: 1, silent: 2 }));
  return nodeSamples({ logs, sources, alarms: [] }, meter.take(), PROCESS).map(
    ({ name, labels, value }) => `${name}${JSON.stringify(labels)} ${value}`,
  );
}

it("has every series", () => {
  const samples = shown([log("main")]);
  expect(new Set(samples.map((line) => line.split("{")[0]))).toEqual(new Set(Object.keys(HISTORY_SERIES)));
  for (const line of [
    'journal_entries{"log":"main"} 444',
    'mirror_lag_seconds{"log":"main","mirror":"s3://b/p"} 2.5',
    'witness_cosigned_age_seconds{"log":"main","witness":"w1"} 1.5',
    'verification_progress{"log":"main"} 0.5',
    'sources_silent{"log":"main"} 2',
    'requests_per_second{"kind":"append"} 1',
    "tails{} 4",
  ]) {
    expect(samples).toContain(line);
  }
  expect(samples.filter((line) => line.includes("w2"))).toEqual([]);
});

it("keeps main and the first logs by name, where there are very many", () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `log-${String(i).padStart(4, "0")}`);
  const samples = shown([...names, "main"].toReversed().map(log));
  const sizes = samples.filter((line) => line.startsWith("tree_size"));
  expect(sizes).toHaveLength(16);
  expect(sizes[0]).toContain("main");
  expect(sizes.at(-1)).toContain("log-0014");
  expect(samples.length).toBeLessThan(320);
});
