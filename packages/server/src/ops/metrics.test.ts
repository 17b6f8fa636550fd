import { expect, it } from "vitest";
import { Metrics } from "./metrics.ts";
import type { LogStatus, NodeStatus } from "./status.ts";

const log: LogStatus = {
  name: "main",
  origin: "test.invalid/logs/main",
  treeSize: 700,
  lastCommitMs: undefined,
  commitsPerSecond: 0,
  eventsPerSecond: 0,
  journalStart: 256,
  sealedSize: 512,
  segments: 2,
  indexedSize: 690,
  queueBytes: 12,
  followingMs: 1_500,
  writable: { ok: false, reason: "the store is out" },
  verification: undefined,
  mirrors: [
    {
      place: "s3://b/p",
      mode: "sync",
      mirroredSize: 600,
      lagEntries: 100,
      lagMs: 2_500,
      failure: "denied",
      conflicts: 1,
    },
  ],
  publishedSize: 650,
  publishedMs: 1_000,
  witnessedSize: 650,
  witnesses: [
    { name: "w1", host: "w1.example", cosignedSize: 650, cosignedAgoMs: 1_500 },
    {
      name: "w2",
      host: "w2.example",
      cosignedSize: 0,
      cosignedAgoMs: undefined,
      failure: { reason: "log_unknown", message: "does not know the log" },
    },
  ],
};

const node = (logs: readonly LogStatus[]): NodeStatus => ({
  state: "ready",
  startedMs: 0,
  store: {
    place: "s3://a/p",
    kind: "shared",
    vaultLock: "compliance",
    remarks: [],
    cache: { requests: 5, fetchedBytes: 4_096, hits: 7, misses: 3, usedBytes: 2_048 },
  },
  logs,
  sources: logs.map(({ name }) => ({ log: name, withGaps: 2, silent: 1 })),
  alarms: [],
});

async function shown(metrics: Metrics): Promise<string[]> {
  const { text } = await metrics.render();
  return text.split("\n").filter((line) => /^stele_.* /.test(line) && !line.includes("_seconds_"));
}

it("shows what a node, its mirrors and its cache are at", async () => {
  const metrics = new Metrics();
  metrics.watch(() => node([log]));
  const expected = [
    'stele_tree_size{log="main"} 700',
    'stele_indexed_size{log="main"} 690',
    'stele_sealed_size{log="main"} 512',
    'stele_segments{log="main"} 2',
    'stele_hot_entries{log="main"} 188',
    'stele_queue_bytes{log="main"} 12',
    'stele_writable{log="main"} 0',
    'stele_following_seconds{log="main"} 1.5',
    'stele_mirror_lag_entries{log="main",mirror="s3://b/p"} 100',
    'stele_mirror_lag_seconds{log="main",mirror="s3://b/p"} 2.5',
    'stele_mirror_failing{log="main",mirror="s3://b/p"} 1',
    'stele_mirror_conflicts{log="main",mirror="s3://b/p"} 1',
    'stele_witness_cosigned_size{log="main",witness="w1"} 650',
    'stele_witness_cosigned_size{log="main",witness="w2"} 0',
    'stele_witness_failing{log="main",witness="w1"} 0',
    'stele_witness_failing{log="main",witness="w2"} 1',
    'stele_witness_age_seconds{log="main",witness="w1"} 1.5',
    'stele_witnessed_size{log="main"} 650',
    'stele_sources_with_gaps{log="main"} 2',
    'stele_sources_silent{log="main"} 1',
    "stele_cache_requests_total 5",
    "stele_cache_fetched_bytes_total 4096",
    "stele_cache_hits_total 7",
    "stele_cache_misses_total 3",
    "stele_cache_used_bytes 2048",
  ];
  expect(await shown(metrics)).toEqual(expected);
  expect(await shown(metrics), "asked again").toEqual(expected);
});

it("forgets a log that the node does not serve any more", async () => {
  const metrics = new Metrics();
  const logs = [log];
  metrics.watch(() => node(logs));
  await metrics.render();
  logs.pop();
  expect((await shown(metrics)).filter((line) => line.includes("main"))).toEqual([]);
});
