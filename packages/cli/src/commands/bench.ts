import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { InvariantError, UnavailableError } from "@stele/proof";
import type { AddCommand } from "../command.ts";
import { formatCount } from "../count.ts";
import { ProgressBar } from "../progress-bar.ts";
import type { Session } from "../session.ts";
import { Traffic } from "../traffic.ts";
import { positiveNumber } from "../option-values.ts";

interface BenchFlags {
  readonly seconds: number;
  readonly batch: number;
  readonly parallel: number;
}

/** Nothing of a scratch node is worth waiting for. */
const STOP_MS_MAX = 10_000;

export const addBench: AddCommand = (program, run) => {
  program
    .command("bench")
    .summary("measure a scratch node on this machine")
    .description(
      "Starts a node of its own on a temporary directory, appends simulated events for some seconds, and says how many became durable and how long an acknowledgement took. “npm run bench” in a checkout measures all of it.",
    )
    .option("--seconds <n>", "how long", positiveNumber, 5)
    .option("--batch <n>", "events in a request", positiveNumber, 1_000)
    .option("--parallel <n>", "requests at one time", positiveNumber, 4)
    .action(run(bench));
};

async function bench(session: Session, flags: BenchFlags): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "stele-cli-bench-"));
  try {
    const node = await startScratchNode(directory, session.signal);
    try {
      await print(session, flags, await load(session, node.url, flags));
    } finally {
      await node.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A node in a process of its own, as in real life. */
async function startScratchNode(directory: string, signal: AbortSignal) {
  const script = new URL("../../bin/stele.ts", import.meta.url).pathname;
  const parameters = [script, "serve", "--data", directory, "--port", "0", "--json", "--quiet"];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line", { signal }),
    exited.then(() => [undefined]),
  ]);
  const stop = async () => {
    child.kill("SIGTERM");
    const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await exited;
    clearTimeout(impatience);
  };
  if (typeof line !== "string")
    throw new UnavailableError("bench_node_failed", "The scratch node did not start");
  const { url }: { url?: unknown } = JSON.parse(line);
  if (typeof url !== "string") throw new InvariantError("bench_node_silent", "serve --json told no URL");
  return { url, stop };
}

interface Figures {
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of each acknowledged batch, in order of size. */
  readonly latenciesMs: readonly number[];
}

async function load(session: Session, url: string, flags: BenchFlags): Promise<Figures> {
  const client = session.client({ endpoints: [url], log: "main" });
  const traffic = new Traffic({ seed: 1 });
  const progress = new ProgressBar(session.err, "events");
  const latenciesMs: number[] = [];
  let bytes = 0;
  const started = performance.now();
  const worker = async () => {
    for (;;) {
      const elapsed = performance.now() - started;
      if (elapsed >= flags.seconds * 1000) return;
      const batch = Array.from({ length: flags.batch }, () => traffic.json(Date.now()));
      const sent = performance.now();
      await client.append(batch, { signal: session.signal });
      latenciesMs.push(performance.now() - sent);
      bytes += batch.reduce((sum, { length }) => sum + length, 0);
      if (!session.options.quiet)
        await progress.update(latenciesMs.length * flags.batch, elapsed / 1000 / flags.seconds);
    }
  };
  try {
    await Promise.all(Array.from({ length: flags.parallel }, worker));
  } finally {
    await progress.clear();
  }
  return {
    events: latenciesMs.length * flags.batch,
    bytes,
    seconds: (performance.now() - started) / 1000,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
  };
}

async function print(session: Session, flags: BenchFlags, figures: Figures): Promise<void> {
  const { events, bytes, seconds, latenciesMs } = figures;
  const percentile = (share: number) => latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0;
  const [p50, p99, max] = [percentile(0.5), percentile(0.99), percentile(1)];
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, Node ${process.version}`;
  const perSecond = events / seconds;
  if (session.json) {
    const acknowledgement_ms = { p50, p99, max };
    await session.printJson({
      machine,
      ...flags,
      events,
      seconds,
      events_per_second: perSecond,
      acknowledgement_ms,
    });
    return;
  }
  await session.print(
    `${formatCount(perSecond)} events a second, durable (${formatCount(events)} in ${seconds.toFixed(1)} s)`,
  );
  await session.print(
    `  batches of ${formatCount(flags.batch)}, ${flags.parallel} at a time, ${Math.round(bytes / events)} bytes an event`,
  );
  await session.print(
    `  acknowledged after p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${max.toFixed(1)} ms`,
  );
  await session.print(`  ${machine}; the load runs on the same machine`);
}
