import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../log/clock.ts";
import { AlarmKeeper } from "./alarm-keeper.ts";
import type { Alarm, AlarmChange } from "./alarms.ts";
import type { Notifier } from "./notify/notification.ts";
import { openNotifiers, type NotifyOptions } from "./notify/open-notifiers.ts";
import { attachmentOf, MailServer } from "./notify/testing/mail-server.ts";
import { expectedSignature, Receiver } from "./notify/testing/receiver.ts";

const SECRET = Buffer.from("a secret of at least 24 bytes");
const finding: Alarm = {
  code: "verification_failed",
  log: "main",
  subject: "segment 0",
  severity: "critical",
  message: "entry 7 is not <!channel> what was signed & @here\nBcc: all",
  evidence: { index: 7, found: "ab".repeat(40) },
};
const lagging: Alarm = { code: "witness_lagging", subject: "w1", severity: "warning", message: "is late" };

let directory: string;
let changes: AlarmChange[];
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-alarms-"));
  changes = [];
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(directory, { recursive: true, force: true });
});

async function open(notifiers: readonly Notifier[] = []): Promise<AlarmKeeper> {
  const keeper = await AlarmKeeper.open({
    node: "audit-1",
    directory: join(directory, "alarms"),
    notifiers,
    clock: systemClock,
    now: Date.now,
    report: (change) => changes.push(change),
    backOffMs: 20,
  });
  ends.push(() => keeper.close());
  return keeper;
}

async function receiver(): Promise<Receiver> {
  const one = new Receiver();
  await one.start();
  ends.push(() => one.stop());
  return one;
}

type Write = (name: string, content: string) => Promise<string>;

const write: Write = async (name, content) => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};

async function notifiersOf(options: () => Promise<NotifyOptions>): Promise<Notifier[]> {
  return await openNotifiers(await options(), Date.now);
}

const webhookTo = (port: number) =>
  notifiersOf(async () => ({
    webhook: {
      url: `http://127.0.0.1:${port}/hook`,
      secretPath: await write("secret", `whsec_${SECRET.toString("base64")}\n`),
    },
  }));

describe("a webhook", () => {
  it("is told once of each alarm, signed, with the evidence, and when it is over", async () => {
    const hook = await receiver();
    const keeper = await open(await webhookTo(hook.port));
    keeper.board.raise(finding);
    keeper.board.raise(finding);
    keeper.board.raise(lagging);
    keeper.board.clear(lagging);
    await expect.poll(() => hook.types).toEqual(["alarm.raised", "alarm.raised", "alarm.cleared"]);
    for (const { headers, body } of hook.received) {
      const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
      expect(signature).toBe(expectedSignature({ headers, body }, SECRET));
      expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(300);
      expect((JSON.parse(body) as { id: string }).id).toBe(id);
    }
    expect(JSON.parse(hook.received[0]!.body)).toMatchObject({
      type: "alarm.raised",
      data: {
        node: expect.any(String),
        alarm: {
          code: "verification_failed",
          log: "main",
          severity: "critical",
          evidence: finding.evidence,
        },
      },
    });
    expect(new Set(hook.received.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
  });

  it("that is out gets it when it is back, also after a restart of the node, and that it was out is an alarm", async () => {
    const hook = await receiver();
    await hook.stop();
    const first = await open(await webhookTo(hook.port));
    first.board.raise(finding);
    await expect
      .poll(() => first.board.active.map(({ code }) => code))
      .toEqual(["verification_failed", "notifier_failing"]);
    await first.close();
    const second = await open(await webhookTo(hook.port));
    second.board.raise(finding);
    await hook.start();
    await expect.poll(() => hook.types).toEqual(["alarm.raised"]);
    await expect.poll(() => second.board.active.map(({ code }) => code)).toEqual(["verification_failed"]);
    await second.close();
    expect(hook.received).toHaveLength(1);
    expect(await readdir(join(directory, "alarms", "undelivered", "webhook"))).toEqual([]);
  });

  it("is not followed elsewhere; what it refuses does not keep it from getting the others", async () => {
    const hook = await receiver();
    hook.status = 302;
    const keeper = await open(await webhookTo(hook.port));
    keeper.board.raise(lagging);
    await expect.poll(() => keeper.board.active.map(({ code }) => code)).toContain("notifier_failing");
    expect(hook.received).toEqual([]);
    expect(await keeper.test()).toEqual([{ notifier: "webhook", failure: "the receiver answered 302" }]);
    hook.status = 413;
    keeper.board.raise(finding);
    await expect
      .poll(() => keeper.board.active.find(({ code }) => code === "notifier_failing")?.message)
      .toMatch(/413.*2 notifications wait/);
    hook.status = 204;
    await expect.poll(() => hook.types).toEqual(["alarm.raised", "alarm.raised"]);
  });
});

it("tells Slack in text that Slack does not interpret", async () => {
  const hook = await receiver();
  const url = `http://127.0.0.1:${hook.port}/services/T0/SECRET`;
  const keeper = await open(
    await notifiersOf(async () => ({ slackUrlPath: await write("slack", `${url}\n`) })),
  );
  keeper.board.raise(finding);
  await expect.poll(() => hook.received.length).toBe(1);
  const { text: told } = JSON.parse(hook.received[0]!.body) as { text: string };
  expect(told.split("\n")).toEqual([
    expect.stringMatching(/^CRITICAL verification_failed \(log main\) at /),
    "entry 7 is not &lt;!channel&gt; what was signed &amp; @\u200Bhere Bcc: all",
    `Evidence: stele alarms show ${keeper.board.active[0]!.id}`,
  ]);
  await hook.stop();
  keeper.board.raise(lagging);
  await expect.poll(() => keeper.board.active.map(({ code }) => code)).toContain("notifier_failing");
  const failure = (await keeper.test())[0]!.failure;
  const said = JSON.stringify([changes, keeper.board.all, failure]);
  expect(said).toContain("ECONNREFUSED");
  expect(said).not.toContain("SECRET");
});

const mailTo = (url: string, login?: string) =>
  notifiersOf(async () => ({
    smtp: {
      url,
      from: "stele@example.com",
      to: ["ops@example.com", "audit@example.com"],
      ...(login !== undefined && { loginPath: await write("login", login) }),
    },
  }));

async function smtp(options: { readonly isSecure: boolean }): Promise<MailServer> {
  const server = await MailServer.start(options);
  ends.push(() => server.stop());
  return server;
}

describe("mail", () => {
  it("has the evidence attached, and the same Message-ID each time", async () => {
    const { port, mails } = await smtp({ isSecure: false });
    const keeper = await open(await mailTo(`smtp+plain://127.0.0.1:${port}`));
    keeper.board.raise(finding);
    await expect.poll(() => mails.length).toBe(1);
    const [mail] = mails;
    expect(mail).toMatchObject({ from: "stele@example.com", to: ["ops@example.com", "audit@example.com"] });
    const { id } = keeper.board.active[0]!;
    expect(mail!.text).toContain(`Message-ID: <${id}-raised-critical@stele.invalid>`);
    expect(mail!.text).toMatch(/^Subject: \[Stele\] CRITICAL verification_failed/m);
    expect(mail!.text).not.toMatch(/^Bcc:/m);
    expect(mail!.text).toContain(`filename=alarm-${id}.json`);
    expect(attachmentOf(mail!)).toContain('"index": 7');
  });

  it("is not sent without TLS unless that was asked for", async () => {
    const { port, mails } = await smtp({ isSecure: false });
    const keeper = await open(await mailTo(`smtp://127.0.0.1:${port}`, "stele\nhunter2hunter2\n"));
    expect(await keeper.test()).toMatchObject([{ notifier: "smtp", failure: expect.any(String) }]);
    expect(mails).toEqual([]);
  });

  it("is not sent to who can't show a certificate, and tells no password", async () => {
    const { port, mails } = await smtp({ isSecure: true });
    const keeper = await open(await mailTo(`smtp://127.0.0.1:${port}`, "stele\nhunter2hunter2\n"));
    const results = await keeper.test();
    expect(results[0]!.failure).toBeDefined();
    expect(JSON.stringify([results, changes])).not.toContain("hunter2");
    expect(mails).toEqual([]);
  });
});

it("refuses options that can't be right, and tells no secret", async () => {
  const wrong: [NotifyOptions, RegExp][] = [
    [{ webhook: { url: "ftp://a", secretPath: "/none" } }, /--notify-webhook: it is no http/],
    [{ webhook: { url: "http://a", secretPath: "/none" } }, /--notify-webhook-secret \/none.*ENOENT/],
    [{ slackUrlPath: join(directory, "short") }, /--notify-slack .*short: it is no http/],
    [
      { webhook: { url: "http://a", secretPath: join(directory, "short") } },
      /--notify-webhook-secret .*24 bytes/,
    ],
    [{ smtp: { url: "smtp://u:p@h", from: "a@b", to: [] } }, /--notify-smtp: it is smtps/],
    [{ smtp: { url: "smtp://h", from: "a@b\r\nBcc: c@d", to: [] } }, /is no mail address/],
    [
      { smtp: { url: "smtp+plain://h", from: "a@b", to: [], loginPath: join(directory, "short") } },
      /a login is not sent without TLS/,
    ],
  ];
  await writeFile(join(directory, "short"), "5ecret");
  for (const [options, message] of wrong) {
    const failure = await openNotifiers(options, Date.now).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "option_invalid", message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain("5ecret");
  }
});

it("keeps alarms and evidence over restarts; a damaged file is told, and costs no other", async () => {
  const first = await open();
  first.board.raise(finding);
  first.board.raise(lagging);
  first.board.raise({ ...lagging, message: "is later" });
  first.board.clear(lagging);
  const { id } = first.board.active[0]!;
  await first.close();
  await writeFile(join(directory, "alarms", `${"0".repeat(16)}.json`), "{");
  changes = [];
  const second = await open();
  second.board.raise(finding);
  expect(second.board.get(id)).toMatchObject({ evidence: finding.evidence, subject: "segment 0" });
  expect(second.board.all.find(({ code }) => code === "witness_lagging")).toMatchObject({
    message: "is later",
    clearedMs: expect.any(Number),
  });
  expect(changes.map(({ kind, alarm }) => [kind, alarm.code])).toEqual([["raised", "alarms_damaged"]]);
  second.board.acknowledge(id, {});
  await second.close();
  const kept = await readFile(join(directory, "alarms", `${id}.json`), "utf8");
  expect(JSON.parse(kept)).toMatchObject({ acknowledgement: { atMs: expect.any(Number) } });
});
