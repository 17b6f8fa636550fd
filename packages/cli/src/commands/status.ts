import { UnavailableError } from "@stele/proof";
import { RefusedError, type NodesOfStore, type SteleClient, type StoreNode } from "@stele/client";
import type { LogStatus, MirrorStatus, NodeStatus, VerificationStatus, WitnessStatus } from "@stele/client";
import type { AddCommand } from "../command.ts";
import { alarmLine } from "./alarms.ts";
import { countOf, formatCount } from "../count.ts";
import { describeFailure } from "../failure.ts";
import { printable } from "../printable.ts";
import type { Session } from "../session.ts";

/** A node says every 30 s that it is there. */
const SILENT_SECONDS = 90;

export const addStatus: AddCommand = (program, run) => {
  program
    .command("status")
    .summary("what nodes, their store and their logs are at")
    .description(
      "Asks each node of --url. Fails if one does not answer, a log takes no writes, or there is a critical alarm.",
    )
    .action(run(status));
};

async function status(session: Session): Promise<void> {
  const urls = session.options.url.split(",");
  const answers = await Promise.allSettled(
    urls.map(async (url) => {
      const client = session.clientFor(url, session.options.log);
      const [of, nodes] = await Promise.all([
        client.status({ signal: session.signal }),
        nodesKnownTo(client, session.signal),
      ]);
      return { ...of, nodes };
    }),
  );
  let unwell = 0;
  for (const [i, answer] of answers.entries()) {
    const url = urls[i]!;
    if (answer.status === "rejected") {
      unwell++;
      const { code, message } = describeFailure(answer.reason);
      if (session.json) await session.printJson({ url, error: { code, message } });
      else await session.print(`${session.out.style("bold", url)}  ${session.out.style("red", message)}`);
      continue;
    }
    const { logs, alarms } = answer.value;
    const isWell =
      logs.every(({ writable }) => writable) && alarms.every(({ severity }) => severity !== "critical");
    if (!isWell) unwell++;
    if (session.json) await session.printJson({ url, ...answer.value });
    else await show(session, url, answer.value);
  }
  // Each node has the same list, but for the moment: once is enough.
  const known = answers.find((answer) => answer.status === "fulfilled")?.value.nodes;
  if (!session.json && known && known.nodes.length > 1) await showNodes(session, known);
  if (unwell > 0) {
    throw new UnavailableError(
      "node_unwell",
      `${unwell} of ${countOf(urls.length, "node")} did not answer, has a log that takes no writes, or a critical alarm`,
    );
  }
}

/** What a node knows of the others; nothing, if it is of a version that did not. */
async function nodesKnownTo(client: SteleClient, signal: AbortSignal): Promise<NodesOfStore | undefined> {
  try {
    return await client.nodes({ signal });
  } catch (error) {
    if (error instanceof RefusedError && error.code === "route_unknown") return undefined;
    throw error;
  }
}

async function showNodes(session: Session, { nodes, reason }: NodesOfStore): Promise<void> {
  await session.print("The nodes of the store, as each last said in it:");
  for (const node of nodes) await session.print(`  node    ${nodeText(session, node)}`);
  if (reason !== undefined) {
    const why = `They may have said more since: ${printable(reason)}`;
    await session.print(`  ${session.out.style("yellow", "note")}    ${why}`);
  }
}

function nodeText({ out }: Session, node: StoreNode): string {
  const { name, version, state, age, eventsPerSecond, logs, isSelf } = node;
  const silent = age > SILENT_SECONDS;
  const said = isSelf ? "now" : `${timeText(age)} ago`;
  const unwritable = logs.filter(({ writable }) => !writable).map((log) => printable(log.name));
  return [
    `${out.style("bold", printable(name))}  ${printable(state)}, version ${printable(version)}`,
    `${eventsPerSecond.toFixed(1)} events/s`,
    silent ? out.style("red", `said so ${said}`) : `said so ${said}`,
    ...(unwritable.length > 0 ? [out.style("red", `takes no writes to ${unwritable.join(", ")}`)] : []),
  ].join("; ");
}

async function show(
  session: Session,
  url: string,
  { state, startedAt, store, logs, alarms }: NodeStatus,
): Promise<void> {
  const { out } = session;
  await session.print(
    `${out.style("bold", url)}  ${state}, since ${startedAt.slice(0, 19).replace("T", " ")} UTC`,
  );
  await session.print(`  store   ${printable(store.place)}, vault lock: ${store.vaultLock}`);
  for (const remark of store.remarks)
    await session.print(`  ${out.style("yellow", "note")}    ${printable(remark)}`);
  for (const log of logs) await showLog(session, log);
  for (const alarm of alarms) await session.print(`  alarm   ${alarmLine(session, alarm)}`);
}

async function showLog(session: Session, log: LogStatus): Promise<void> {
  const { out } = session;
  const age =
    log.lastCommitAge === undefined ? "no commit yet" : `last commit ${timeText(log.lastCommitAge)} ago`;
  await session.print(
    `  log     ${out.style("bold", printable(log.name))}  ${countOf(log.treeSize, "entry")}, ${age}`,
  );
  await session.print(
    `          ${log.eventsPerSecond.toFixed(1)} events/s in ${log.commitsPerSecond.toFixed(1)} commits/s; ${inStep(log.following)}`,
  );
  await session.print(
    `          journal from ${formatCount(log.journalStart)}; sealed up to ${formatCount(log.sealedSize)} in ${countOf(log.segments, "segment")}; indexed up to ${formatCount(log.indexedSize)}`,
  );
  if (!log.writable) {
    await session.print(`          ${out.style("red", `takes no writes: ${printable(log.reason ?? "")}`)}`);
  }
  if (log.verification) await session.print(`          ${verificationText(session, log.verification)}`);
  if (log.witnessedSize !== undefined) {
    const lag = log.treeSize - log.witnessedSize;
    await session.print(
      `          witnessed up to ${formatCount(log.witnessedSize)}${lag > 0 ? `, ${countOf(lag, "entry")} not yet` : ""}`,
    );
  }
  for (const witness of log.witnesses) await session.print(`  witness ${witnessText(session, witness)}`);
  for (const mirror of log.mirrors) await session.print(`  mirror  ${mirrorText(session, mirror)}`);
}

function witnessText(
  { out }: Session,
  { name, host, cosignedSize, cosignedAge, reason }: WitnessStatus,
): string {
  const cosigned =
    cosignedAge === undefined
      ? "has cosigned nothing"
      : `cosigned ${countOf(cosignedSize, "entry")} ${timeText(cosignedAge)} ago`;
  const text = `${printable(name)} (${printable(host)})  ${cosigned}`;
  return reason === undefined ? text : `${text}  ${out.style("red", printable(reason))}`;
}

function verificationText({ out }: Session, verification: VerificationStatus): string {
  const { lastFullAt, running, progress, entriesPerSecond, position, findings, late } = verification;
  const last =
    lastFullAt === undefined
      ? "never verified as a whole yet"
      : `verified as a whole ${lastFullAt.slice(0, 19).replace("T", " ")} UTC`;
  const now = running
    ? `; ${Math.floor(progress * 100)} % of the next pass, at ${formatCount(position)}, ${formatCount(entriesPerSecond)} entries/s`
    : "";
  const wrong = [
    ...(findings === 0 ? [] : [`${countOf(findings, "finding")}: see the node's alarms`]),
    ...(late ? ["late"] : []),
  ];
  return wrong.length === 0 ? `${last}${now}` : `${last}${now}; ${out.style("red", wrong.join(", "))}`;
}

function mirrorText({ out }: Session, mirror: MirrorStatus): string {
  const lag =
    mirror.lagEntries === 0
      ? "has everything"
      : `lags by ${countOf(mirror.lagEntries, "entry")}, ${timeText(mirror.lag)}`;
  const text = `${printable(mirror.place)} (${mirror.mode})  ${lag}`;
  const wrong = [
    ...(mirror.reason === undefined ? [] : [printable(mirror.reason)]),
    ...(mirror.conflicts === 0 ? [] : [`${countOf(mirror.conflicts, "object")} differ from the primary's`]),
  ];
  return wrong.length === 0 ? text : `${text}  ${out.style("red", wrong.join("; "))}`;
}

function inStep(following: number | undefined): string {
  return following === undefined
    ? "not in step with other nodes since it started"
    : `in step with other nodes ${timeText(following)} ago`;
}

function timeText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
