import { once } from "node:events";
import { resolve } from "node:path";
import type { LogReport, RunningNode } from "@stele/server";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { feedDemo } from "../demo-feed.ts";
import { describeFailure } from "../failure.ts";
import { countOf, formatCount } from "../count.ts";
import { ProgressBar } from "../progress-bar.ts";
import { DEFAULT_DATA, type Session } from "../session.ts";
import { positiveNumber, wholeNumber } from "../option-values.ts";

interface ServeFlags {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly origin?: string;
  readonly segmentEntries?: number;
  readonly sealAfterHours?: number;
  readonly demo?: boolean;
}

export const addServe: AddCommand = (program, run) => {
  program
    .command("serve")
    .summary("run a node on this machine")
    .option("--data <directory>", "where everything is kept; made if it is not there", DEFAULT_DATA)
    .option("--host <address>", "the address to listen on; other than loopback needs tokens", "127.0.0.1")
    .option("--port <port>", "the port to listen on; 0 for any that is free", wholeNumber, 8080)
    .option("--origin <prefix>", "what origins of new logs begin with, such as audit.example.com")
    .option(
      "--segment-entries <n>",
      "seal once so many entries are hot; a multiple of 256 (262144)",
      positiveNumber,
    )
    .option("--seal-after-hours <n>", "seal fewer once the oldest has waited so long (24)", positiveNumber)
    .option("--demo", "let simulated traffic run in, so that there is something to look at")
    .action(run(serve));
};

async function serve(session: Session, flags: ServeFlags): Promise<void> {
  if ((flags.segmentEntries ?? 0) % 256 !== 0) throw new UsageError("--segment-entries is a multiple of 256");
  const { startNode } = await import("@stele/server");
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  session.signal.addEventListener("abort", () => stop.abort());
  const running = await startNode({
    dataDir: flags.data,
    host: flags.host,
    port: flags.port,
    ...(flags.origin !== undefined && { originPrefix: flags.origin }),
    ...(flags.segmentEntries !== undefined && { segmentEntries: flags.segmentEntries }),
    ...(flags.sealAfterHours !== undefined && { sealAfterMs: flags.sealAfterHours * 3_600_000 }),
    logger: { level: "warn", stream: process.stderr },
    report: (log, event) => void session.remark(`log ${log}: ${tell(event)}`),
  });
  try {
    await announce(session, running, flags);
    const demo = flags.demo ? runDemo(session, running, stop.signal) : Promise.resolve();
    if (!stop.signal.aborted) await once(stop.signal, "abort");
    await demo;
    await session.remark("Stopping: finishing what was begun.");
  } finally {
    await running.close();
  }
}

async function announce(session: Session, running: RunningNode, { data }: ServeFlags): Promise<void> {
  const { url, node, tokensRequired } = running;
  const logs = node.logs().map((log) => ({
    name: log.name,
    origin: log.origin,
    vkey: log.vkey,
    tree_size: log.head().treeSize,
  }));
  if (session.json) {
    await session.printJson({ url, data: resolve(data), tokens_required: tokensRequired, logs });
    return;
  }
  const { out } = session;
  await session.print(
    `${out.style("bold", "Stele")} serves at ${out.style("cyan", url)}   (the API: ${url}/docs)`,
  );
  await session.print(`  data    ${resolve(data)}`);
  await session.print(
    tokensRequired
      ? "  access  closed: every request needs a token (stele token create)"
      : "  access  open to this machine's programs; it listens to no other machine",
  );
  for (const log of logs) {
    await session.print(`  log     ${log.name}, ${countOf(log.tree_size, "entry")}, key ${log.vkey}`);
  }
  await session.print("Ctrl-C stops it.");
}

async function runDemo(session: Session, { url }: RunningNode, signal: AbortSignal): Promise<void> {
  const progress = new ProgressBar(session.err, "events of the past days");
  try {
    await feedDemo({
      client: session.client({ endpoints: [url], attemptsMax: 20 }),
      signal,
      nowMs: Date.now,
      onBackfill: async (done, total) => {
        if (session.options.quiet) return;
        await progress.update(done, done / total);
        if (done < total) return;
        await progress.clear();
        await session.remark(
          `Simulated traffic runs in: ${formatCount(total)} events of the past days are there.`,
        );
      },
    });
  } catch (error) {
    await session.remark(`The simulated traffic stopped: ${describeFailure(error).message}`);
  } finally {
    await progress.clear();
  }
}

function tell(event: LogReport): string {
  if (event.kind === "sealed") {
    const { start, end } = event.segment;
    return `sealed the entries ${formatCount(start)} to ${formatCount(end - 1)} in ${event.seconds.toFixed(1)} s`;
  }
  if (event.kind === "tail_cut") {
    const { path, offset, lengthBytes } = event.cut;
    return `cut ${countOf(lengthBytes, "byte")} off the end of ${path}, at ${offset}: a commit that was never acknowledged`;
  }
  if (event.kind === "stale") return `opening it anew: ${describeFailure(event.error).message}`;
  if (event.kind === "recovered") return `${event.what} works again`;
  return `${event.what} failed: ${describeFailure(event.error).message}`;
}
