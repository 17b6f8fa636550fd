import { Command, CommanderError } from "commander";
import { addAlarms } from "./commands/alarms.ts";
import { addAppend } from "./commands/append.ts";
import { addBench } from "./commands/bench.ts";
import { addExport } from "./commands/export.ts";
import { addGet } from "./commands/get.ts";
import { addImport } from "./commands/import.ts";
import { addKey } from "./commands/key.ts";
import { addLog } from "./commands/log.ts";
import { addMonitor } from "./commands/monitor.ts";
import { addPromote } from "./commands/promote.ts";
import { addProve } from "./commands/prove.ts";
import { addReconcile } from "./commands/reconcile.ts";
import { addSearch } from "./commands/search.ts";
import { addServe } from "./commands/serve.ts";
import { addSources } from "./commands/sources.ts";
import { addStatus } from "./commands/status.ts";
import { addTail } from "./commands/tail.ts";
import { addToken } from "./commands/token.ts";
import { addVerifier } from "./commands/verifier.ts";
import { addVerify } from "./commands/verify.ts";
import { addWitness } from "./commands/witness.ts";
import { InterruptedError } from "./cli-error.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { describeFailure } from "./failure.ts";
import { DEFAULT_URL, Session, type GlobalOptions } from "./session.ts";
import { output } from "./terminal.ts";
import type { RunAction } from "./command.ts";
import packageJson from "../package.json" with { type: "json" };

/** Runs one command line (without the names of the runtime and the script). Never throws. */
export async function main(parameters: readonly string[]): Promise<ExitCode> {
  endWhenOutputBreaks();
  const program = makeProgram();
  try {
    await program.parseAsync(parameters, { from: "user" });
    return EXIT_CODE.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already. Asking for help or the version is no error.
      return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    }
    return await tell(error, program.opts<GlobalOptions>());
  }
}

function makeProgram(): Command {
  const program = new Command("stele")
    .description("A self-hosted, immutable audit log")
    .version(packageJson.version)
    .option("--url <url,…>", "where nodes answer", process.env["STELE_URL"] || DEFAULT_URL)
    .option("--log <name>", "the log", "main")
    .option("--token-file <path>", "a file with the access token; else $STELE_TOKEN")
    .option("--json", "output for programs")
    .option("--quiet", "no remarks, no progress")
    .showHelpAfterError("(“stele --help” and “stele <command> --help” say more)")
    .exitOverride();
  const run: RunAction =
    (action) =>
    async (...commandArguments) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort(new InterruptedError()));
      await action(new Session(program.opts<GlobalOptions>(), stop.signal), ...commandArguments);
    };
  const commands = [
    addServe,
    addStatus,
    addAlarms,
    addAppend,
    addImport,
    addSearch,
    addSources,
    addTail,
    addGet,
    addProve,
    addVerify,
    addVerifier,
    addExport,
    addMonitor,
    addReconcile,
    addPromote,
    addToken,
    addLog,
    addKey,
    addWitness,
    addBench,
  ];
  for (const add of commands) add(program, run);
  for (const command of program.commands) {
    command.addHelpText(
      "after",
      "\nEvery command takes --url, --log, --token-file, --json and --quiet, too: stele --help",
    );
  }
  return program;
}

async function tell(error: unknown, options: GlobalOptions): Promise<ExitCode> {
  const { exitCode, code, message, hint } = describeFailure(error);
  const err = output(process.stderr);
  if (options.json) {
    await err.write(`${JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } })}\n`);
  } else {
    await err.write(`${err.style("red", "stele:")} ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
  }
  if (process.env["STELE_DEBUG"] === "1") console.error(error);
  return exitCode;
}

/** A pipe breaks when the output goes to `head`, which ends once it has enough: that is no failure. */
function endWhenOutputBreaks(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(EXIT_CODE.done);
      process.stderr.write(`stele: The output can't be written: ${error.message}\n`);
      process.exit(EXIT_CODE.failed);
    });
  }
}
