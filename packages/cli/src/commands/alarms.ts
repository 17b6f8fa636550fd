import { UnavailableError } from "@stele/proof";
import { RefusedError, type Alarm, type SteleClient } from "@stele/client";
import type { AddCommand } from "../command.ts";
import { printable, printableJson } from "../printable.ts";
import type { Session } from "../session.ts";

export const addAlarms: AddCommand = (program, run) => {
  const alarms = program
    .command("alarms")
    .summary("what nodes say that a person has to know")
    .description(
      "Alarms of each node of --url: what a person has to know. docs/operate/alarms.md says what each code means.",
    );
  alarms
    .command("list", { isDefault: true })
    .summary("the alarms of each node of --url")
    .option("--all", "also those that are over")
    .action(run(list));
  alarms
    .command("show")
    .summary("one alarm, with its evidence as JSON")
    .argument("<id>", "16 hexadecimal digits")
    .action(run(show));
  alarms
    .command("ack")
    .summary("say that it was seen; ends a finding of verification")
    .argument("<id>", "16 hexadecimal digits")
    .option("--note <text>", "why, or what was done")
    .action(run(acknowledge));
  alarms.command("test").summary("send a test to who is told of alarms").action(run(test));
};

async function list(session: Session, { all }: { readonly all?: boolean }): Promise<void> {
  for (const [url, client] of nodes(session)) {
    const alarms = await client.alarms.list(all ? "all" : "active", { signal: session.signal });
    for (const alarm of alarms) {
      if (session.json) await session.printJson({ url, ...jsonOf(alarm) });
      else await session.print(alarmLine(session, alarm));
    }
    if (alarms.length === 0) await session.remark(`No alarms at ${url}.`);
  }
}

async function show(session: Session, id: string): Promise<void> {
  const alarm = await atItsNode(session, (client) => client.alarms.get(id, { signal: session.signal }));
  if (session.json) return await session.printJson(jsonOf(alarm));
  await session.print(alarmLine(session, alarm));
  const { acknowledged, evidence, clearedAt } = alarm;
  if (clearedAt !== undefined) await session.print(`  over since ${printable(clearedAt)}`);
  if (acknowledged) {
    const { at, by, note } = acknowledged;
    const who = by === undefined ? "" : ` with the token ${by}`;
    const why = note === undefined ? "" : `: ${note}`;
    await session.print(`  ${printable(`acknowledged ${at}${who}${why}`)}`);
  }
  if (evidence) await session.out.write(`${printableJson(JSON.stringify(evidence, null, 2))}\n`);
}

async function acknowledge(
  session: Session,
  id: string,
  { note }: { readonly note?: string },
): Promise<void> {
  const alarm = await atItsNode(session, (client) =>
    client.alarms.acknowledge(id, note, { signal: session.signal }),
  );
  if (session.json) await session.printJson(jsonOf(alarm));
  else await session.print(`Acknowledged: ${alarmLine(session, alarm)}`);
}

async function test(session: Session): Promise<void> {
  let failed = 0;
  for (const [url, client] of nodes(session)) {
    const notifiers = await client.alarms.test({ signal: session.signal });
    for (const notifier of notifiers) {
      if (!notifier.ok) failed++;
      const { name, ok, reason } = notifier;
      if (session.json) await session.printJson({ url, ...notifier });
      else await session.print(printable(ok ? `${name}  took it` : `${name}  did not: ${reason ?? ""}`));
    }
    if (notifiers.length === 0)
      await session.remark(`${url} tells nobody of alarms: stele serve --notify-webhook, …`);
  }
  if (failed > 0) throw new UnavailableError("notify_failed", "Not everybody was reached");
}

/** Each node has alarms of its own. */
function nodes(session: Session): [url: string, client: SteleClient][] {
  return session.options.url.split(",").map((url) => [url, session.clientFor(url, session.options.log)]);
}

/** Asks one node after the other for an alarm: only the node that raised it knows it. */
async function atItsNode(session: Session, ask: (client: SteleClient) => Promise<Alarm>): Promise<Alarm> {
  let failure: unknown;
  for (const [, client] of nodes(session)) {
    try {
      return await ask(client);
    } catch (error) {
      // A node that is out may be the one that has it.
      const isUnknown = error instanceof RefusedError && error.code === "alarm_unknown";
      if (!isUnknown && !(error instanceof UnavailableError)) throw error;
      if (!isUnknown || failure === undefined) failure = error;
    }
  }
  throw failure;
}

/** `2026-11-21 10:07:35  CRITICAL  9f86d081884c7d65  verification_failed  main  …`. */
export function alarmLine({ out }: Session, alarm: Alarm): string {
  const { id, code, log, severity, message, since, clearedAt, acknowledged } = alarm;
  const isOver = clearedAt !== undefined;
  const state = isOver ? "over" : acknowledged ? "acknowledged" : severity;
  const style = isOver || acknowledged ? "dim" : severity === "critical" ? "red" : "yellow";
  const time = since.slice(0, 19).replace("T", " ");
  const of = log === undefined ? "" : ` (log ${log})`;
  return `${printable(time)}  ${out.style(style, state)}  ${printable(`${id}  ${code}${of}: ${message}`)}`;
}

function jsonOf(alarm: Alarm): object {
  const { hasEvidence, clearedAt, ...rest } = alarm;
  return { ...rest, cleared_at: clearedAt, has_evidence: hasEvidence };
}
