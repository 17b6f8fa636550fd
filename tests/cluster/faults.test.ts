import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { figuresTable, writeFigures } from "./figures-table.ts";
import { listBucket } from "./bucket-listing.ts";
import { runScenario, type Figures, type Scenario, type Stage } from "./scenario.ts";

/** How long a fault that lasts does so. STELE_FAULT_SECONDS=60 for a minute. */
const FAULT_MS = Number(process.env["STELE_FAULT_SECONDS"] ?? "20") * 1_000;
const PAUSE_MS = 4_000;

interface Expectation {
  readonly longestGapMs: number;
  readonly eventsPerSecond?: number;
}

const SCENARIOS: readonly (Scenario & { readonly expected: Expectation })[] = [
  {
    name: "kill -9 of a node, six times, a different one each time",
    expected: { longestGapMs: 2_000, eventsPerSecond: 2_000 },
    fault: async ({ cluster: { nodes } }) => {
      for (let kill = 0; kill < 6; kill++) {
        const node = nodes[kill % nodes.length]!;
        await node.kill();
        await sleep(PAUSE_MS / 2);
        await node.start();
        await sleep(PAUSE_MS / 2);
      }
    },
  },
  {
    name: "kill -9 of an OSD, then back",
    expected: { longestGapMs: 15_000 },
    fault: async ({ ceph }) => {
      await ceph.killOsd(0);
      await sleep(FAULT_MS / 2);
      await ceph.startOsd(0);
      await sleep(FAULT_MS / 2);
    },
  },
  {
    name: "kill -9 of a gateway, then back",
    expected: { longestGapMs: 5_000 },
    fault: async ({ ceph }) => {
      await ceph.killGateway(0);
      await sleep(FAULT_MS / 2);
      await ceph.startGateway(0);
      await sleep(PAUSE_MS);
    },
  },
  {
    name: "a node frozen for 20 s",
    expected: { longestGapMs: 3_000 },
    fault: async ({ cluster: { nodes } }) => {
      nodes[1].freeze();
      await sleep(20_000);
      nodes[1].thaw();
      await sleep(PAUSE_MS);
    },
  },
  {
    name: "an OSD frozen, then going on",
    // How long the store takes to notice is the store's; it ends with the fault at the latest.
    expected: { longestGapMs: 2 * FAULT_MS },
    fault: async ({ ceph }) => {
      await ceph.freezeOsd(1);
      await sleep(FAULT_MS);
      await ceph.thawOsd(1);
      await sleep(PAUSE_MS);
    },
  },
  {
    name: "a node cut off from the store, then healed",
    expected: { longestGapMs: 3_000 },
    fault: async ({ wires, cluster: { nodes } }) => {
      for (const wire of wires) wire.cut();
      await sleep(FAULT_MS);
      expect(await nodes[2].isReady()).toBe(false);
      for (const wire of wires) wire.heal();
      await sleep(PAUSE_MS);
    },
    after: async ({ cluster: { nodes } }) => {
      // It first takes over what the others committed meanwhile, which lasts as long as the machine needs.
      await nodes[2].untilReady();
    },
  },
  {
    name: "all nodes killed at once, and started again",
    expected: { longestGapMs: 30_000 },
    fault: async ({ cluster: { nodes } }) => {
      await Promise.all(nodes.map((node) => node.kill()));
      await Promise.all(nodes.map((node) => node.start()));
      await sleep(PAUSE_MS);
    },
  },
  {
    name: "the mirror cut off, then healed",
    expected: { longestGapMs: 2_000 },
    parameters: ({ mirrorWire, prefix }) => [
      `--mirror=s3://mirror/${prefix}?endpoint=${mirrorWire.url}&vault=mirror-vault/${prefix}`,
    ],
    fault: async ({ mirrorWire, cluster }) => {
      mirrorWire.cut();
      await sleep(FAULT_MS);
      const behind = await mirrorsOf(cluster);
      expect(Math.max(...behind.map(({ lag_entries }) => lag_entries))).toBeGreaterThan(10_000);
      expect(behind.some(({ ok }) => !ok)).toBe(true);
      mirrorWire.heal();
      await sleep(PAUSE_MS);
    },
    after: async (stage) => {
      await expect
        .poll(async () => await mirrorsOf(stage.cluster), { timeout: 60_000, interval: 500 })
        .toMatchObject(stage.cluster.nodes.map(() => ({ ok: true, lag_entries: 0, conflicts: 0 })));
      await compareWithMirror(stage);
    },
  },
  {
    name: "all nodes restarted in turn, producers that know all three",
    expected: { longestGapMs: 2_000 },
    direct: true,
    fault: async ({ cluster: { nodes } }) => {
      for (const node of nodes) {
        await node.stop();
        await node.start();
        await sleep(PAUSE_MS / 2);
      }
    },
  },
];

interface MirrorStatus {
  readonly ok: boolean;
  readonly lag_entries: number;
  readonly conflicts: number;
}

/** What each node says of the mirror. */
async function mirrorsOf({ nodes }: Stage["cluster"]): Promise<MirrorStatus[]> {
  return await Promise.all(
    nodes.map(async ({ url }) => {
      const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(10_000) });
      const { logs } = (await response.json()) as { logs: { name: string; mirrors: MirrorStatus[] }[] };
      return logs.find(({ name }) => name === "main")!.mirrors[0]!;
    }),
  );
}

/**
 * Looks into the buckets, whatever the nodes say: every segment is in both, byte for byte, and every commit that is not
 * sealed. A commit that was sealed while the mirror was away comes to it in its segment alone.
 */
async function compareWithMirror({ ceph, prefix, cluster }: Stage): Promise<void> {
  const list = async (bucket: string, kind: string) =>
    await listBucket(ceph.endpoints[0]!, bucket, `${prefix}/logs/main/${kind}/`);
  const segments = await list("vault", "vault");
  expect(segments.size).toBeGreaterThan(0);
  expect(await list("mirror-vault", "vault")).toEqual(segments);
  const sealedSize = await sealedSizeOf(cluster);
  const isHot = ([key]: [string, string]): boolean => Number(key.split("/").at(-1)) >= sealedSize;
  const [primary, mirror] = await Promise.all([list("journal", "journal"), list("mirror", "journal")]);
  expect([...primary].filter(isHot).length).toBeGreaterThan(0);
  expect([...mirror].filter(isHot)).toEqual([...primary].filter(isHot));
  for (const [key, etag] of mirror) expect([key, etag]).toEqual([key, primary.get(key)]);
}

async function sealedSizeOf({ nodes }: Stage["cluster"]): Promise<number> {
  const response = await fetch(`${nodes[0].url}/v1/status`, { signal: AbortSignal.timeout(10_000) });
  const { logs } = (await response.json()) as { logs: { name: string; sealed_size: number }[] };
  return logs.find(({ name }) => name === "main")!.sealed_size;
}

const rows: Figures[] = [];

describe.skipIf(process.env["STELE_TEST_CEPH"] === undefined)(
  "no acknowledged event is lost or doubled",
  () => {
    for (const { expected, ...scenario } of SCENARIOS) {
      it(scenario.name, async () => {
        const figures = await runScenario(scenario);
        rows.push(figures);
        const { lost, doubled, misplaced, foreign, examples, failures, writesFailed } = figures;
        const faults = [...examples, ...failures].join("\n");
        expect({ lost, doubled, misplaced, foreign }, faults).toEqual({
          lost: 0,
          doubled: 0,
          misplaced: 0,
          foreign: 0,
        });
        expect(writesFailed, faults).toBe(0);
        expect(figures.acknowledged).toBe(figures.sent);
        expect(figures.longestGapMs, faults).toBeLessThanOrEqual(expected.longestGapMs);
        expect(figures.acknowledged / figures.seconds).toBeGreaterThanOrEqual(expected.eventsPerSecond ?? 0);
      });
    }

    afterAll(async () => {
      const table = figuresTable(rows);
      console.log(table);
      const ranOn = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), shared by Ceph, the nodes, HAProxy and the load; Node ${process.versions.node}, faults of ${FAULT_MS / 1_000} s.`;
      if (process.env["STELE_WRITE_FIGURES"] === "1" && rows.length === SCENARIOS.length) {
        await writeFigures(table, ranOn);
      }
    });
  },
);
