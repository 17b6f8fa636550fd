import { verifyInclusion } from "@stele/proof";
import { nativeHasher } from "@stele/server/protocol";
import { noFaults } from "./faults.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimNode } from "./sim-node.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Bounds, in virtual time, once all faults have ended. */
const DELIVERED_MS = 120_000;
/** Writing waits for sealing once eight segments' worth are hot, and sealing for the claim of a node that died. */
const ACCEPTED_MS = 150_000;
const FOLLOWED_MS = 5_000;
/** A claim of a node that died holds for 75 s, and a failed attempt is made again after 30 s. */
const SEALED_MS = 240_000;
const READ_MS = 60_000;
/** How many inclusion proofs each node is asked for. */
const PROOFS = 8;

/** Ends all faults. */
export function heal(world: World): void {
  world.scheduler.note("all faults end");
  world.isHealed = true;
  world.wire.faults = noFaults;
  for (const node of world.nodes) {
    node.machine.isCutOff = false;
    node.isDiskFull = false;
    node.process?.resume();
    node.start();
  }
}

/**
 * What must be so within bounded time once all faults have ended: everything that was sent is acknowledged, every node
 * takes new events, all see the same log, it is sealed, and every node proves what was acknowledged.
 */
export async function expectLiveness(world: World, clients: readonly SimClient[]): Promise<void> {
  const { scheduler, nodes, history, settings } = world;
  await within(world, DELIVERED_MS, "all that was sent is acknowledged", () =>
    clients.every(({ pending }) => pending === 0),
  );
  const greeted = new Set<SimNode>();
  for (const node of nodes) void greet(world, node, clients[0]!).then(() => greeted.add(node));
  await within(world, ACCEPTED_MS, "every node takes new events", () => greeted.size === nodes.length);
  await within(world, FOLLOWED_MS, "every node has the whole log", () =>
    nodes.every(({ log }) => log?.head().treeSize === history.size),
  );
  // A node may know later of a segment that is smaller: its clock decides when it looks.
  await within(world, SEALED_MS, "no node has a segment's worth of entries that are not sealed", () =>
    nodes.every(({ log }) => log !== undefined && history.size - log.sealedSize < settings.segmentEntries),
  );
  const read = new Set<SimNode>();
  for (const node of nodes) {
    readAll(world, node).then(
      () => read.add(node),
      (error: unknown) => {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        scheduler.fail(new Violation("acknowledged_is_readable", `${node.name}: ${why}`, { cause: error }));
      },
    );
  }
  await within(
    world,
    READ_MS,
    "every node shows and proves what was acknowledged",
    () => read.size === nodes.length,
  );
}

async function within(world: World, forMs: number, what: string, isDone: () => boolean): Promise<void> {
  if (await world.scheduler.run(forMs, isDone)) return;
  const violation = new Violation("it_goes_on", `not within ${forMs} ms after all faults ended: ${what}`);
  world.scheduler.note(`VIOLATION ${violation.message}`);
  throw violation;
}

/** Sends one new event to a node until it takes it. */
async function greet(world: World, node: SimNode, client: SimClient): Promise<void> {
  for (;;) {
    const { ids, body } = client.batch(1);
    try {
      await node.append(body, ids);
      return;
    } catch (error) {
      world.scheduler.note(`${node.name} refuses a new event: ${String(error)}`);
      await node.process!.clock.sleep(500);
    }
  }
}

async function readAll({ history }: World, node: SimNode): Promise<void> {
  const { log } = node;
  const { treeSize, root } = log!.head();
  const entries = await log!.readEntries(0, treeSize);
  const receipts = history.acknowledged;
  for (const [i, { index, leaf_hash, id }] of receipts.entries()) {
    const leaf = nativeHasher.leaf(entries[index]!);
    const entry = JSON.parse(Buffer.from(entries[index]!).toString()) as { id: string };
    if (Buffer.from(leaf).toString("base64") !== leaf_hash || entry.id !== id) {
      throw new Violation("acknowledged_is_readable", `entry ${index} is not ${id} at ${node.name}`);
    }
    // A proof may need all hashes of its tiles, so only some are made.
    if (i % Math.ceil(receipts.length / PROOFS) !== 0) continue;
    const proof = await log!.proveInclusion(index, treeSize);
    verifyInclusion(proof, { leafHash: leaf, leafIndex: index }, { treeSize, root }, nativeHasher);
  }
}
