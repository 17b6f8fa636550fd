import { OneFault, type Fate } from "./faults.ts";
import { expectLiveness, heal } from "./healing.ts";
import { SimClient } from "./sim-client.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

/** What a node is doing when a call of it fails. */
export type Step = "commit" | "seal" | "open";

export interface OneFaultResult {
  /** How many calls the node made while the fault could strike. */
  readonly calls: number;
  readonly entries: number;
  readonly segments: number;
}

const SEGMENT_ENTRIES = 256;
const SETTINGS = {
  nodes: 2,
  trimDelayMs: 20_000,
  segmentEntries: SEGMENT_ENTRIES,
  sealAfterMs: 1_000_000,
  commitTimeoutMs: 4_000,
};

/**
 * Lets one fault strike the `at`th call that the first node makes while it commits, seals or opens the log, and then
 * expects all to be well.
 *
 * @throws Violation
 */
export async function runWithOneFault(step: Step, at: number, fate: Fate): Promise<OneFaultResult> {
  const seed = `${step} ${at} ${fate}`;
  const world = new World({ seed, trace: new Trace(), settings: SETTINGS, latency: () => 10 });
  const { scheduler, nodes, wire, history } = world;
  const [first, second] = nodes;
  const client = new SimClient("c1", world);
  first!.start();
  await scheduler.run(2_000);
  // Before: enough that one more commit makes a segment due; or a sealed segment, and some more.
  const before = step === "open" ? SEGMENT_ENTRIES + 20 : step === "seal" ? SEGMENT_ENTRIES - 10 : 10;
  void client.deliver(client.batch(before), { twice: 0, answerLost: 0 });
  await scheduler.run(10_000);
  if (step === "open") first!.crash("lost");
  else second!.start();
  await scheduler.run(1_000);
  const faults = new OneFault(() => first!.process?.name, at, fate);
  wire.faults = faults;
  if (step === "open") first!.start();
  else void client.deliver(client.batch(20), { twice: 0, answerLost: 0 });
  await scheduler.run(3_000);
  heal(world);
  await expectLiveness(world, [client]);
  return { calls: faults.calls, entries: history.size, segments: history.segmentCount };
}
