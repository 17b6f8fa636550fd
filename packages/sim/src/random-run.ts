import { randomFaults, type FaultRates } from "./faults.ts";
import { expectLiveness, heal } from "./healing.ts";
import { Prng } from "./prng.ts";
import { SimClient } from "./sim-client.ts";
import type { SimNode } from "./sim-node.ts";
import { Trace } from "./trace.ts";
import { World, type Bug } from "./world.ts";

export interface RunOptions {
  readonly seed: string;
  readonly bug?: Bug;
  /** Gets each line of the trace. */
  readonly show?: (line: string) => void;
}

/** What a run came to, for people and for tests. */
export interface RunResult {
  readonly seed: string;
  /** The hash of the trace: the same seed gives the same. */
  readonly traceHash: string;
  readonly steps: number;
  readonly virtualSeconds: number;
  readonly entries: number;
  readonly commits: number;
  readonly segments: number;
  readonly trimmedCommits: number;
  readonly lateCommits: number;
  /** About the keys of the log. */
  readonly statements: number;
  readonly calls: number;
  /** What does not hold, if anything. */
  readonly violation?: Error;
}

/** One run with nodes, faults and options that its seed draws: safety first, then everything heals. */
export async function randomRun({ seed, bug, show }: RunOptions): Promise<RunResult> {
  const trace = new Trace(show);
  const draw = new Prng(`options of ${seed}`);
  const trimDelayMs = draw.between(5_000, 30_000);
  const slowest = draw.between(10, 400);
  const world = new World({
    seed,
    trace,
    settings: {
      nodes: draw.integer(2, 4),
      trimDelayMs,
      segmentEntries: draw.pick([256, 256, 512]),
      sealAfterMs: draw.pick([20_000, 1_000_000]),
      commitTimeoutMs: draw.between(1_500, 5_000),
    },
    latency: () => world.prng.between(2, world.prng.chance(0.1) ? slowest : 20),
    ...(bug && { bug }),
  });
  const { scheduler, history, nodes, wire, prng } = world;
  world.restartMs = () => prng.between(50, 1.5 * trimDelayMs);
  world.diskLoss = () => prng.pick(["kept", "kept", "cut", "lost"]);
  scheduler.note(`seed ${seed}: ${JSON.stringify(world.settings)}`);
  const clients = Array.from({ length: draw.integer(2, 4) }, (_, i) => new SimClient(`c${i + 1}`, world));
  const pace = draw.between(400, 2_500);
  let violation: Error | undefined;
  try {
    for (const node of nodes) node.start();
    await scheduler.run(2_000);
    for (const client of clients) {
      void client.run({
        pauseMs: () => prng.between(0, 2 * pace),
        batchEvents: () => prng.integer(1, 40),
        twice: 0.1,
        answerLost: 0.05,
      });
    }
    wire.faults = randomFaults(prng, drawRates(draw), 2.5 * trimDelayMs);
    disturb(world, draw);
    changeKeys(world, draw);
    await scheduler.run(15_000 + draw.between(1.5, 3) * trimDelayMs);
    for (const client of clients) client.stop();
    heal(world);
    await expectLiveness(world, clients);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    violation = error;
  }
  return {
    seed,
    traceHash: trace.digest(),
    steps: trace.length,
    virtualSeconds: Math.round(scheduler.nowMs / 1000),
    entries: history.size,
    commits: history.commits,
    segments: history.segmentCount,
    trimmedCommits: history.trimmedCommits,
    lateCommits: history.lateCommits,
    statements: history.statements,
    calls: [...wire.calls.values()].reduce((sum, count) => sum + count, 0),
    ...(violation && { violation }),
  };
}

/** Each run has its own mixture: some have no crashes at all, some little else. */
function drawRates(draw: Prng): FaultRates {
  const rate = (most: number): number => (draw.chance(0.5) ? draw.between(0, most) : 0);
  return {
    lost: rate(0.05),
    answer_lost: rate(0.05),
    late: rate(0.03),
    crash_before: rate(0.003),
    crash_after: rate(0.003),
    stop_before: rate(0.003),
    stop_after: rate(0.003),
  };
}

/** The key of the log is changed again and again, in half of the runs; by any node, whatever befalls it. */
function changeKeys(world: World, draw: Prng): void {
  const { scheduler, prng, nodes, settings } = world;
  if (draw.chance(0.5)) return;
  const pauseMs = draw.between(0.02, 0.3) * settings.trimDelayMs;
  const change = (): void => {
    if (world.isHealed) return;
    void prng.pick(nodes).changeKeys();
    scheduler.after(prng.between(0, 2) * pauseMs, "", change);
  };
  scheduler.after(pauseMs, "", change);
}

/** Things that befall whole nodes, now and then. */
function disturb(world: World, draw: Prng): void {
  const { scheduler, prng, settings, nodes } = world;
  const { trimDelayMs } = settings;
  const until = (ms: number, what: string, run: () => void): void => void scheduler.after(ms, what, run);
  const disturbances: ((node: SimNode) => void)[] = [
    (node) => {
      node.machine.isCutOff = true;
      until(prng.between(0.2, 2) * trimDelayMs, `${node.name} reaches the store again`, () => {
        node.machine.isCutOff = false;
      });
    },
    (node) => {
      node.crash(world.diskLoss());
      until(world.restartMs(), "", () => node.start());
    },
    (node) => {
      const stopped = node.process;
      stopped?.stop();
      until(prng.between(0.1, 2) * trimDelayMs, `${node.name} goes on`, () => stopped?.resume());
    },
    (node) => {
      node.isDiskFull = true;
      until(prng.between(100, 5_000), `${node.name} has space again`, () => (node.isDiskFull = false));
    },
    // A suspended machine's monotonic clock stands still; then its wall clock must not be set back as well (docs/design/0009).
    draw.chance(0.5)
      ? (node) => {
          const stopped = node.process;
          const sinceMs = scheduler.nowMs;
          stopped?.stop();
          until(prng.between(0.1, 2) * trimDelayMs, `${node.name} wakes up`, () => {
            node.machine.suspendedMs += scheduler.nowMs - sinceMs;
            stopped?.resume();
          });
        }
      : (node) => {
          node.machine.wallOffsetMs += prng.between(-2, 2) * 3_600_000;
        },
  ];
  const pauseMs = draw.between(0.1, 1) * trimDelayMs;
  const strike = (): void => {
    if (world.isHealed) return;
    const node = prng.pick(nodes);
    const at = prng.integer(0, disturbances.length - 1);
    scheduler.note(
      `${node.name} suffers ${["a partition", "a crash", "a stop", "a full disk", "its clock"][at]}`,
    );
    disturbances[at]!(node);
    until(prng.between(0, 2) * pauseMs, "", strike);
  };
  until(pauseMs, "", strike);
}
