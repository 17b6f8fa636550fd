import { setTimeout as sleep } from "node:timers/promises";
import {
  checkpointPolicy,
  formatVerifierKey,
  parseVerifierKey,
  SteleError,
  UnavailableError,
  VerificationError,
} from "@stele/proof";
import { Option } from "commander";
import type { LogMonitor, NotifyOptions, Round, ShownLogKeys } from "@stele/server/monitor";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { countOf } from "../count.ts";
import { keyStatements, readKeyList } from "../log-key.ts";
import { NotifiedAlarms } from "../notified-alarms.ts";
import { NOTIFY_OPTIONS, notifyOf, type NotifyFlags } from "../notify-options.ts";
import { addTableOptions } from "../option-table.ts";
import { ToldAlarms } from "../told-alarms.ts";
import { verifierKey } from "../option-values.ts";
import { readPolicy } from "../policy-file.ts";
import { printable } from "../printable.ts";
import { duration } from "../serve-options.ts";
import type { Session } from "../session.ts";

export const addMonitor: AddCommand = (program, run) => {
  const command = program
    .command("monitor")
    .summary("watch a log from outside")
    .description(
      "Follows a log over C2SP tlog-tiles, and compares all that it shows with what it showed before and at the other URLs. Ends with 3, and a file that proves it, if the log shows two histories.",
    )
    .argument(
      "<url...>",
      "the log, then its mirrors and other ways to it: a node, or the prefix of any C2SP log",
    )
    .option("--key <vkey>", "the key that the log must be signed with", verifierKey)
    .option(
      "--keys <file>",
      "the log's statements about its keys (stele key list --json); of a node, asked of it unless told",
    )
    .option("--policy <file>", "a C2SP tlog-policy: the log's key, and whose cosignatures are needed")
    .option("--witness <url,…>", "monitoring prefixes of witnesses, which are other vantage points")
    .addOption(timeOption("--every <time>", "how often to look", "10s"))
    .addOption(timeOption("--stale-after <time>", "how long a place may be behind", "10m"))
    .addOption(
      timeOption(
        "--cosigned-within <time>",
        "how old the cosignatures may be; nodes renew them each hour if the log does not grow",
        "2h",
      ),
    )
    .option("--quiet-after <time>", "alarm if the log does not grow for so long", duration)
    .addOption(timeOption("--timeout <time>", "for each request", "15s"))
    .option("--no-entries", "compare trees alone; do not read and hash the entries")
    .option("--state <directory>", "where the monitor remembers what it saw, and puts proofs")
    .option("--once", "look once, for cron: ends with 0, or with 1 or 3 if anything is wrong")
    .option("--keep-going", "do not end when the log is convicted");
  addTableOptions(command, NOTIFY_OPTIONS).action(run(monitor));
};

/** The help shows the default as it would be written. */
function timeOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(fallback), fallback);
}

interface MonitorFlags extends NotifyFlags {
  readonly key?: string;
  readonly keys?: string;
  readonly policy?: string;
  readonly witness?: string;
  readonly every: number;
  readonly staleAfter: number;
  readonly cosignedWithin: number;
  readonly quietAfter?: number;
  readonly timeout: number;
  readonly entries: boolean;
  readonly state?: string;
  readonly once?: boolean;
  readonly keepGoing?: boolean;
}

async function monitor(session: Session, urls: readonly string[], flags: MonitorFlags): Promise<void> {
  const { notify } = notifyOf(flags);
  if (flags.once && notify)
    throw new UsageError("--notify-… belongs to a monitor that runs on; --once tells by how it ends");
  const told = new ToldAlarms(session);
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const { watched, alarms } = await watch(session, signal, urls, flags, told, notify);
  let state = "";
  try {
    for (;;) {
      const round = await watched.round();
      await alarms.settle();
      if (!round.isUnfinished) state = await tellRound(session, round, state);
      if (round.proofs.length > 0 && !flags.keepGoing) {
        await alarms.deliver(signal);
        throw misbehaved(round);
      }
      if (round.isUnfinished) continue;
      if (flags.once) break;
      await sleep(flags.every, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted || flags.once) throw error;
    return; // Ctrl-C, or what runs it, is how it ends.
  } finally {
    await alarms.close();
    await told.told();
  }
  endOnce(told);
}

function misbehaved({ proofs }: Round): VerificationError {
  return new VerificationError(
    "log_misbehaved",
    `The log is proven to have misbehaved: ${proofs.join(", ")}. To watch it all the same: --keep-going`,
    { proofs },
  );
}

/** Something critical was signed or served, or something is merely late or missing. */
function endOnce({ active }: ToldAlarms): void {
  if (active.length === 0) return;
  const message = `${countOf(active.length, "alarm")}: ${active.map(({ code }) => code).join(", ")}`;
  throw active.some(({ severity }) => severity === "critical")
    ? new VerificationError("monitor_alarms", message, { active })
    : new UnavailableError("monitor_alarms", message);
}

async function watch(
  session: Session,
  signal: AbortSignal,
  urls: readonly string[],
  flags: MonitorFlags,
  told: ToldAlarms,
  notify: NotifyOptions | undefined,
): Promise<{ readonly watched: LogMonitor; readonly alarms: NotifiedAlarms }> {
  const {
    checkPlace,
    defaultMonitorDirectory,
    LogMonitor,
    MonitorDirectory,
    rememberPlace,
    trustLog,
    VantagePoint,
  } = await import("@stele/server/monitor");
  const policy = flags.policy === undefined ? undefined : readPolicy(flags.policy);
  const keys =
    flags.key === undefined ? (policy?.logs ?? []).map(({ key }) => key) : [parseVerifierKey(flags.key)];
  const origins = [...new Set(keys.map(({ name }) => name))];
  if (origins.length > 1) {
    throw new UsageError(
      `${flags.policy} has the keys of ${countOf(origins.length, "log")}: say which with --key`,
    );
  }
  const isTrusted = keys.length > 0;
  const origin = origins[0] ?? (await showsItself(session, urls[0]!)).origin;
  const stateDirectory = flags.state ?? defaultMonitorDirectory();
  const placed = { keys: { origin }, keyFrom: isTrusted ? "given" : "log" } as const;
  await checkPlace(stateDirectory, prefixOf(session, urls[0]!), placed);
  const directory = new MonitorDirectory(stateDirectory, origin);
  const findKeys = async () =>
    await trustLog(
      directory,
      keys.map(formatVerifierKey),
      await shownKeys(session, urls[0]!, isTrusted, flags.keys),
    );
  const trusted = await findKeys();
  if (trusted.isFirstUse) {
    await session.remark(
      `The key is the log's own word, taken on trust this first time: ${trusted.vkey}. Compare it with the one that its operator published, or give that with --key.`,
    );
  }
  const common = { origin, timeoutMs: flags.timeout, signal };
  const places = [
    ...urls.map((url) => {
      const token = session.tokenFor(url);
      const prefix = isTrusted ? url : prefixOf(session, url);
      return new VantagePoint({ ...common, url: prefix, kind: "log", ...(token !== undefined && { token }) });
    }),
    ...(flags.witness?.split(",") ?? []).map((url) => new VantagePoint({ ...common, url, kind: "witness" })),
  ];
  const alarms = await NotifiedAlarms.open(session, told, notify, directory.alarms);
  const options = {
    origin,
    trusted,
    findKeys,
    ...(policy && { policy: checkpointPolicy(policy) }),
    places,
    directory,
    entries: flags.entries,
    staleAfterMs: flags.staleAfter,
    cosignedWithinMs: flags.cosignedWithin,
    ...(flags.quietAfter !== undefined && { quietAfterMs: flags.quietAfter }),
    now: Date.now,
    alarms,
    active: alarms.active,
  };
  try {
    const watched = await LogMonitor.open(options);
    await rememberPlace(stateDirectory, prefixOf(session, urls[0]!), placed);
    return { watched, alarms };
  } catch (error) {
    await alarms.close();
    throw error;
  }
}

/** What is said of the log's keys: by a file, else by the log if it is a Stele node. Nothing of it is believed without a signature. */
async function shownKeys(
  session: Session,
  url: string,
  isTrusted: boolean,
  file: string | undefined,
): Promise<ShownLogKeys> {
  const shown = isTrusted ? {} : await showsItself(session, url);
  if (file !== undefined) return { ...shown, statements: await readKeyList(file) };
  const node = STELE_PREFIX.exec(isTrusted ? url : prefixOf(session, url));
  if (!node) return shown;
  try {
    return { ...shown, statements: await keyStatements(session, session.clientFor(node[1]!, node[2]!)) };
  } catch (error) {
    // What was seen last is gone by then.
    if (error instanceof SteleError) return shown;
    throw error;
  }
}

const STELE_PREFIX = /^(.*?)\/logs\/([^/]+)\/*$/;

/** Of a node's URL without a log, the log of the options. */
function prefixOf(session: Session, url: string): string {
  return STELE_PREFIX.test(url) ? url : `${url.replace(/\/+$/, "")}/logs/${session.options.log}`;
}

/** Asked of a Stele node's own API, since tlog-tiles tell no key. */
async function showsItself(session: Session, url: string): Promise<{ origin: string; vkey: string }> {
  const [, base, log] = STELE_PREFIX.exec(prefixOf(session, url))!;
  try {
    return await session.clientFor(base!, log!).info({ signal: session.signal });
  } catch (cause) {
    if (cause instanceof UnavailableError) throw cause;
    throw new UsageError(`${url} does not tell its key as a Stele node does: give it with --key or --policy`);
  }
}

/** What the log is at, if that is new. */
async function tellRound(session: Session, round: Round, told: string): Promise<string> {
  const { heads, treeSize, entriesHashed } = round;
  // Nothing was seen, so nothing was found consistent: an alarm says why.
  if (heads.size === 0) return told;
  const state = JSON.stringify([
    treeSize,
    entriesHashed,
    [...heads].map(([url, head]) => [url, head.treeSize]),
  ]);
  if (state === told) return told;
  if (session.json) {
    await session.printJson({
      event: "checkpoint",
      at: new Date().toISOString(),
      tree_size: treeSize,
      entries_hashed: entriesHashed,
      places: Object.fromEntries([...heads].map(([url, head]) => [url, head.treeSize])),
    });
  } else if (!session.options.quiet) {
    const places = [...heads].map(([url, head]) => `${printable(url)} ${head.treeSize}`).join(", ");
    const mark = round.proofs.length > 0 ? session.out.style("red", "✗") : session.out.style("green", "✓");
    await session.print(
      `${mark} ${countOf(treeSize, "entry")} consistent, ${countOf(entriesHashed, "entry")} hashed (${places})`,
    );
  }
  return state;
}
