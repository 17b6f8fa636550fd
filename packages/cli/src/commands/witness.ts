import { once } from "node:events";
import type { RunningWitness } from "@stele/server/witness";
import { countOf } from "../count.ts";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { describeFailure } from "../failure.ts";
import { positiveNumber, verifierKey, wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";

interface WitnessFlags {
  readonly key: string;
  readonly state: string;
  readonly init?: boolean;
  readonly logKey?: readonly string[];
  readonly logs?: string;
  readonly host: string;
  readonly port: number;
  readonly rate: number;
}

export const addWitness: AddCommand = (program, run) => {
  program
    .command("witness")
    .summary("run a witness, which cosigns checkpoints of others' logs")
    .description(
      "Runs a C2SP witness: it cosigns a checkpoint of a log only if that extends the one that it cosigned last. Its state must never be restored from a copy (docs/operate/witness-server.md).",
    )
    .requiredOption("--key <file>", "its own key (stele key new --witness)")
    .option("--state <directory>", "what it has cosigned", "./stele-witness")
    .option("--init", "make the state: only the first time that this key is used")
    .option("--log-key <vkey>", "a log to cosign for; may be given more than once", collect)
    .option("--logs <file>", "logs to cosign for: “log <vkey>” or a vkey a line; read again on SIGHUP")
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "the port to listen on; 0 for any that is free", wholeNumber, 8081)
    .option("--rate <n>", "how many requests of one log a second", positiveNumber, 20)
    .action(run(witness));
};

function collect(vkey: string, before: readonly string[] = []): string[] {
  return [...before, verifierKey(vkey)];
}

async function witness(session: Session, flags: WitnessFlags): Promise<void> {
  if (!flags.logKey && flags.logs === undefined) {
    throw new UsageError("A witness needs logs to cosign for: --log-key <vkey>, or --logs <file>");
  }
  const { startWitness } = await import("@stele/server/witness");
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  session.signal.addEventListener("abort", () => stop.abort());
  const running = await startWitness({
    keyPath: flags.key,
    stateDirectory: flags.state,
    init: flags.init ?? false,
    ...(flags.logKey && { logKeys: flags.logKey }),
    ...(flags.logs !== undefined && { logListPath: flags.logs }),
    host: flags.host,
    port: flags.port,
    requestsPerSecond: flags.rate,
    onContradiction: (origin, path) =>
      void session.remark(
        `ALARM: the log ${JSON.stringify(origin)} signed two different trees of one size: ${path} proves it (stele verify). Keep it`,
      ),
    onFault: (error) => void session.remark(`A request failed: ${describeFailure(error).message}`),
  });
  const reload = (): void => void tellReload(session, running);
  process.on("SIGHUP", reload);
  try {
    await announce(session, running);
    if (!stop.signal.aborted) await once(stop.signal, "abort");
  } finally {
    process.off("SIGHUP", reload);
    await running.close();
  }
}

async function announce(
  session: Session,
  { url, vkey, logCount, cosignedCount }: RunningWitness,
): Promise<void> {
  if (session.json) {
    await session.printJson({ url, vkey, logs: logCount, cosigned_logs: cosignedCount });
    return;
  }
  const { out } = session;
  await session.print(`${out.style("bold", "Stele")} is a witness at ${out.style("cyan", url)}`);
  await session.print(`  key   ${vkey}`);
  await session.print(`  logs  ${logCount}, of which it has cosigned ${cosignedCount}`);
  await session.print("Ctrl-C stops it.");
}

async function tellReload(session: Session, running: RunningWitness): Promise<void> {
  try {
    await running.reload();
    await session.remark(`Read the list of logs again: ${countOf(running.logCount, "log")}.`);
  } catch (error) {
    await session.remark(`The list of logs stays as it was: ${describeFailure(error).message}`);
  }
}
