import { UnavailableError } from "@stele/proof";
import { SimClient } from "./sim-client.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

/** What a PUT and a GET take (milliseconds, half as much more or less): about what a small Ceph cluster does. */
const PUT_MS = 12;
const GET_MS = 4;
/** Clients of each busy node, each with one batch on its way. */
const CLIENTS = 8;
const BATCH_EVENTS = 2;
/** From a client to its node and back. */
const CLIENT_MS = 1;
const MEASURED_MS = 20_000;

export interface Contention {
  /** Events that each busy node acknowledged, a second of virtual time. */
  readonly eventsPerSecond: readonly number[];
  /** How many submissions each refused. */
  readonly refused: readonly number[];
  readonly commitsPerSecond: number;
  /** The share of the node that got least, of what the one that got most got. */
  readonly fairness: number;
}

/** Keeps some of a world's nodes busy, without faults, and measures what gets through in virtual time. Another `draw` is other luck. */
export async function measureContention(busyNodes: number, draw = 0): Promise<Contention> {
  const world = new World({
    seed: `${busyNodes} busy nodes, ${draw}`,
    trace: new Trace(),
    settings: {
      nodes: busyNodes,
      trimDelayMs: 3_600_000,
      segmentEntries: 262_144,
      sealAfterMs: 3_600_000,
      commitTimeoutMs: 5_000,
    },
    latency: (call) => world.prng.between(0.5, 1.5) * (call.startsWith("get") ? GET_MS : PUT_MS),
  });
  const { scheduler, nodes, history } = world;
  for (const node of nodes) node.start();
  await scheduler.run(1_000);
  const acknowledged = nodes.map(() => 0);
  const refused = nodes.map(() => 0);
  for (const [i, node] of nodes.entries()) {
    for (let c = 0; c < CLIENTS; c++) {
      const client = new SimClient(`${node.name}c${c}`, world);
      const sendOn = async (): Promise<void> => {
        for (;;) {
          const { ids, body } = client.batch(BATCH_EVENTS);
          try {
            await node.append(body, ids);
            acknowledged[i]! += BATCH_EVENTS;
          } catch (error) {
            if (!(error instanceof UnavailableError)) throw error;
            refused[i]!++;
          }
          await node.process!.clock.sleep(world.prng.between(0.5, 1.5) * CLIENT_MS);
        }
      };
      sendOn().catch((error: unknown) => scheduler.fail(error as Error));
    }
  }
  await scheduler.run(MEASURED_MS);
  const seconds = MEASURED_MS / 1000;
  return {
    eventsPerSecond: acknowledged.map((count) => Math.round(count / seconds)),
    refused,
    commitsPerSecond: Math.round(history.commits / seconds),
    fairness: Math.min(...acknowledged) / Math.max(...acknowledged),
  };
}
