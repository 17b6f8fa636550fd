import { once } from "node:events";
import { resolve } from "node:path";
import type { AlarmChange, LogReport, RunningNode, StartOptions } from "@stele/server";
import { newestKey } from "@stele/proof";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { feedDemo } from "../demo-feed.ts";
import { describeFailure } from "../failure.ts";
import { countOf, formatCount } from "../count.ts";
import { readPolicy } from "../policy-file.ts";
import { notifyOf } from "../notify-options.ts";
import { printable } from "../printable.ts";
import { ProgressBar } from "../progress-bar.ts";
import { addServeOptions, serveFlags, type ServeFlags } from "../serve-options.ts";
import type { Session } from "../session.ts";

export const addServe: AddCommand = (program, run) => {
  addServeOptions(program.command("serve").summary("run a node"))
    .option("--demo", "let simulated traffic run in, so that there is something to look at")
    .action(run((session, given: Readonly<Record<string, unknown>>) => serve(session, serveFlags(given))));
};

async function serve(session: Session, flags: ServeFlags): Promise<void> {
  const { startNode } = await import("@stele/server");
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  session.signal.addEventListener("abort", () => stop.abort());
  const running = await startNode({
    dataDir: flags.data,
    host: flags.host,
    port: flags.port,
    ...(flags.tokens !== undefined && { tokensPath: flags.tokens }),
    ...(flags.nodeName !== undefined && { nodeName: flags.nodeName }),
    ...(flags.origin !== undefined && { originPrefix: flags.origin }),
    ...(flags.segmentEntries !== undefined && { segmentEntries: flags.segmentEntries }),
    ...(flags.sealAfterHours !== undefined && { sealAfterMs: flags.sealAfterHours * 3_600_000 }),
    ...(flags.storeTimeout !== undefined && { storeTimeoutMs: flags.storeTimeout }),
    ...sharedStore(flags),
    ...mirrorsOf(flags),
    ...(flags.verifyEvery !== undefined && { verifyEveryMs: flags.verifyEvery }),
    ...(flags.verifyState !== undefined && { verifierDirectory: flags.verifyState }),
    ...(flags.key && { keys: flags.key }),
    ...publishingOf(flags),
    ...(await anchoringOf(flags)),
    ...notifyOf(flags),
    ...(flags.sourceGapAfter !== undefined && { sourceGapAfterMs: flags.sourceGapAfter }),
    logger: { level: "warn", stream: process.stderr },
    report: (log, event) => void session.remark(`log ${log}: ${tell(event)}`),
    reportFailure: (what, error) => void session.remark(`${what} failed: ${describeFailure(error).message}`),
    reportAlarm: ({ kind, alarm }) => void session.remark(tellAlarm(kind, alarm)),
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

/** @throws UsageError if what belongs together is not there together */
function sharedStore(flags: ServeFlags): Pick<StartOptions, "shared"> {
  const { journal, vault, s3Endpoint, s3Region, key, retain, lock, vaultLock, cacheBytes, trimAfter } = flags;
  if (journal === undefined) {
    const alone = Object.entries({ vault, retain, "s3-endpoint": s3Endpoint }).find(
      ([, value]) => value !== undefined,
    );
    if (alone)
      throw new UsageError(`--${alone[0]} belongs to a store that nodes share: name it with --journal <url>`);
    return {};
  }
  if (key === undefined) {
    throw new UsageError(
      "A shared store needs --key <source>, the same at all nodes: stele key new <file> makes one",
    );
  }
  return {
    shared: {
      journal,
      lock,
      vaultLock,
      ...(vault !== undefined && { vault }),
      ...(s3Endpoint && { s3Endpoints: s3Endpoint }),
      ...(s3Region !== undefined && { s3Region }),
      ...(retain !== undefined && { retainDays: retain }),
      ...(cacheBytes !== undefined && { cacheBytes }),
      ...(trimAfter !== undefined && { trimAfterMs: trimAfter }),
      ...(flags.storeTimeout !== undefined && { storeTimeoutMs: flags.storeTimeout }),
    },
  };
}

function mirrorsOf({
  mirror,
  mirrorMode,
  mirrorTimeout,
  mirrorFailure,
  reconcileEvery,
}: ServeFlags): Pick<StartOptions, "mirrors"> {
  if (!mirror) return {};
  return {
    mirrors: {
      urls: mirror,
      mode: mirrorMode,
      failure: mirrorFailure,
      ...(mirrorTimeout !== undefined && { timeoutMs: mirrorTimeout }),
      ...(reconcileEvery !== undefined && { reconcileEveryMs: reconcileEvery }),
    },
  };
}

/** @throws UsageError if the policy can't be read; MalformedError `policy_malformed` */
function publishingOf({
  policy,
  publishInterval,
  refreshCosignatures,
}: ServeFlags): Pick<StartOptions, "publishing"> {
  if (policy === undefined) {
    const alone = Object.entries({
      "publish-interval": publishInterval,
      "refresh-cosignatures": refreshCosignatures,
    }).find(([, value]) => value !== undefined);
    if (alone) throw new UsageError(`--${alone[0]} is about witnesses: name them with --policy <file>`);
    return {};
  }
  return {
    publishing: {
      policy: readPolicy(policy),
      policyPath: policy,
      ...(publishInterval !== undefined && { intervalMs: publishInterval }),
      ...(refreshCosignatures !== undefined && { refreshMs: refreshCosignatures }),
    },
  };
}

/** Where nobody but the log itself vouches for a checkpoint there is nothing to keep. */
async function anchoringOf(flags: ServeFlags): Promise<Pick<StartOptions, "anchoring">> {
  const { tsa, tsaCa, anchorEvery, policy } = flags;
  if (tsa === undefined && tsaCa !== undefined) {
    throw new UsageError("--tsa-ca is about time-stamping authorities: name them with --tsa <url>");
  }
  if (tsa === undefined && policy === undefined) {
    if (anchorEvery === undefined) return {};
    throw new UsageError(
      "--anchor-every keeps what others vouch for: name them with --tsa <url> or --policy <file>",
    );
  }
  const { makeAnchoring } = await import("@stele/server");
  return {
    anchoring: await makeAnchoring({
      tsaUrls: tsa ?? [],
      ...(tsaCa !== undefined && { tsaCaPath: tsaCa }),
      ...(anchorEvery !== undefined && { everyMs: anchorEvery }),
    }),
  };
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
  const { store } = node.status();
  await session.print(`  data    ${resolve(data)}`);
  if (store.kind === "shared")
    await session.print(`  store   ${store.place}, vault lock: ${store.vaultLock}`);
  for (const remark of store.remarks) await session.print(`  ${out.style("yellow", "note")}    ${remark}`);
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

function tellAlarm(
  kind: AlarmChange["kind"],
  { id, code, log, severity, message }: AlarmChange["alarm"],
): string {
  const of = `${code}${log === undefined ? "" : ` (log ${log})`}`;
  return kind === "raised"
    ? `ALARM ${id} ${severity} ${of}: ${printable(message)}`
    : `alarm ${id} ${kind}: ${of}`;
}

function tell(event: LogReport): string {
  switch (event.kind) {
    case "sealed": {
      const { start, end } = event.segment;
      return `sealed the entries ${formatCount(start)} to ${formatCount(end - 1)} in ${event.seconds.toFixed(1)} s`;
    }
    case "tail_cut": {
      const { path, offset, lengthBytes } = event.cut;
      return `cut ${countOf(lengthBytes, "byte")} off the end of ${path}, at ${offset}: a commit that was never acknowledged`;
    }
    case "stale":
      return `opening it anew: ${describeFailure(event.error).message}`;
    case "recovered":
      return `${event.what} works again`;
    case "signer_failed":
      return `ALARM: no signature is to be had, so nothing can be written: ${reasonOf(event.error)}`;
    case "signer_recovered":
      return "the signer works again";
    case "keys_changed":
      return `it has ${countOf(event.keys.keys.length, "key")} now, the newest ${newestKey(event.keys).vkey}`;
    case "policy_changed":
      return `it is published by the changed policy now; witnesses: ${event.witnesses}`;
    case "failed":
      return `${event.what} failed: ${describeFailure(event.error).message}`;
    case "mirror_failed":
      return `the mirror ${event.place} failed: ${describeFailure(event.error).message}`;
    case "mirror_recovered":
      return `the mirror ${event.place} works again`;
    case "mirror_conflict":
      return `the mirror ${event.place} has another ${event.key} than the primary. Nothing was overwritten; the primary's is kept as ${event.keptAs}`;
    case "reconciled": {
      const { place, compared, copied, trimmed, alarms } = event.report;
      const found = alarms.map(({ kind, key, detail }) => `\n  ${kind}: ${key}: ${detail}`).join("");
      return `compared the mirror ${place}: ${countOf(compared, "object")}, ${formatCount(copied)} copied, ${formatCount(trimmed)} trimmed${found}`;
    }
    case "reconcile_failed":
      return `comparing the mirror ${event.place} failed: ${describeFailure(event.error).message}`;
    case "mirror_degraded":
      return `the mirror ${event.place} is behind; events are acknowledged without it from now on`;
    case "mirror_in_step":
      return `the mirror ${event.place} has everything; acknowledgements wait for it again`;
  }
}

/** For the operator: what producers are told leaves out places, which the cause names. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return printable(cause instanceof Error ? cause.message : String(cause));
}
