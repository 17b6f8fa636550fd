import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatVerifierKey } from "@stele/proof";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ORIGIN, TestLog } from "../../../proof/src/testing/test-log.ts";
import { ShownLog } from "../../../server/src/monitor/testing/shown-log.ts";
import { attachmentOf, MailServer } from "../../../server/src/ops/notify/testing/mail-server.ts";
import { expectedSignature, Receiver } from "../../../server/src/ops/notify/testing/receiver.ts";
import { stele, SteleProcess } from "../testing/stele-process.ts";

const SECRET = "a secret of at least 24 bytes";
const log = new TestLog(300);
/** The same key, and other entries from 200 on. */
const fork = new TestLog(300, (i) => (i < 200 ? `entry ${i}` : `forged ${i}`));
const vkey = formatVerifierKey(log.signer.key);

let directory: string;
let honest: ShownLog;
let other: ShownLog;
let hook: Receiver;
let slack: Receiver;
let mail: MailServer;
let running: SteleProcess | undefined;

beforeAll(async () => {
  [honest, other] = [await ShownLog.start(log), await ShownLog.start(log)];
});

afterAll(async () => {
  await Promise.all([honest.stop(), other.stop()]);
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-monitor-alarms-"));
  [hook, slack] = [new Receiver(), new Receiver()];
  await Promise.all([hook.start(), slack.start()]);
  mail = await MailServer.start({ isSecure: false });
  await writeFile(join(directory, "secret"), SECRET);
  await writeFile(join(directory, "slack-url"), `http://127.0.0.1:${slack.port}/services/T0/B0`);
  other.show(log);
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await Promise.all([hook.stop(), slack.stop(), mail.stop()]);
  await rm(directory, { recursive: true, force: true });
});

const parameters = (...more: readonly string[]) =>
  `monitor ${honest.url} ${other.url} --key ${vkey} --state state --every 50ms --json
  --notify-webhook http://127.0.0.1:${hook.port}/hook --notify-webhook-secret secret
  --notify-slack slack-url
  --notify-smtp smtp+plain://127.0.0.1:${mail.port}
  --notify-mail-from monitor@example.com --notify-mail-to audit@example.com`
    .split(/\s+/)
    .concat(more);

const run = async (given: readonly string[]) => await stele(given, { cwd: directory });

function follow(...more: readonly string[]): SteleProcess {
  running = new SteleProcess(parameters(...more), { cwd: directory });
  return running;
}

interface ToldAlarm {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly alarm: { readonly id: string; readonly code: string; readonly evidence?: Evidence };
  };
}

interface Evidence {
  readonly file: string;
  readonly misbehaviour: string;
}

/** What the webhook was told: the type, and the alarm's code. A receiver ignores an id that it has had. */
const hooked = (): string[] => [
  ...new Map(
    hook.received
      .map(({ body }) => JSON.parse(body) as ToldAlarm)
      .map(({ id, type, data }) => [id, `${type} ${data.alarm.code}`]),
  ).values(),
];

test("tells people of two histories before it ends, with the proof, and not again when it is started again", async () => {
  other.show(fork);
  const first = await run(parameters());
  expect([first.code, first.err]).toEqual([3, expect.stringContaining("log_misbehaved")]);

  expect(hooked()).toEqual(["alarm.raised log_misbehaved"]);
  const [received] = hook.received;
  expect(received!.headers["webhook-signature"]).toBe(expectedSignature(received!, Buffer.from(SECRET)));
  const { alarm } = (JSON.parse(received!.body) as ToldAlarm).data;
  expect(alarm).toMatchObject({ log: ORIGIN, subject: ORIGIN, severity: "critical" });
  // Whoever is told can verify it, with nothing but the key.
  await writeFile(join(directory, "received"), alarm.evidence!.misbehaviour);
  expect(await run(["verify", "received", "--key", vkey])).toMatchObject({
    code: 3,
    out: expect.stringContaining("the log misbehaved"),
  });
  expect(slack.received.map(({ body }) => body)).toEqual([
    expect.stringContaining(join("alarms", `${alarm.id}.json`)),
  ]);
  expect(mail.mails).toHaveLength(1);
  expect(attachmentOf(mail.mails[0]!)).toContain(JSON.stringify(alarm.evidence!.misbehaviour));

  // Again with both views, and with the honest one alone: the proof stays, and so does what people know.
  expect(await run(parameters())).toMatchObject({ code: 3 });
  other.show(log);
  expect(await run(parameters())).toMatchObject({ code: 3 });
  expect([hook.received.length, slack.received.length, mail.mails.length]).toEqual([1, 1, 1]);

  // Somebody takes away the proof, and the heads by which it would be found again.
  await rm(alarm.evidence!.file);
  await rm(join(dirname(alarm.evidence!.file), "state.json"));
  follow();
  await expect.poll(hooked).toEqual(["alarm.raised log_misbehaved", "alarm.cleared log_misbehaved"]);
});

test("tells of a proof that an earlier run found, which told nobody", async () => {
  other.show(fork);
  const once = ["monitor", honest.url, other.url, "--key", vkey, "--state", "state", "--once"];
  expect(await run(once)).toMatchObject({ code: 3 });
  other.show(log);
  follow("--keep-going");
  await expect.poll(hooked).toEqual(["alarm.raised log_misbehaved"]);
});

test("tells what is over though it was found before a restart, and of what goes on nothing new", async () => {
  other.replaced.set("checkpoint", Buffer.from("no checkpoint"));
  follow();
  await expect.poll(hooked).toEqual(["alarm.raised checkpoint_malformed"]);
  await running!.stop();
  const again = follow();
  // The output tells it in each run.
  let line = JSON.parse(await again.line()) as { event: string; code?: string };
  while (line.event !== "alarm") line = JSON.parse(await again.line()) as typeof line;
  expect(line.code).toBe("checkpoint_malformed");
  await again.stop();
  other.replaced.clear();
  follow();
  await expect
    .poll(hooked)
    .toEqual(["alarm.raised checkpoint_malformed", "alarm.cleared checkpoint_malformed"]);
});

test("keeps what could not be delivered, and says that nobody is told", async () => {
  hook.status = 500;
  other.replaced.set("checkpoint", Buffer.from("no checkpoint"));
  const failing = follow();
  const codes: unknown[] = [];
  while (!codes.includes("notifier_failing"))
    codes.push((JSON.parse(await failing.line()) as { code?: string }).code);
  await failing.stop();
  other.replaced.clear();
  hook.status = 204;
  follow();
  await expect.poll(hooked).toContain("alarm.raised checkpoint_malformed");
});

test("says what is wrong with the options", async () => {
  const said = async (...given: readonly string[]) =>
    await run(["monitor", honest.url, "--key", vkey, "--state", "state", ...given]);
  expect(await run(parameters("--once"))).toMatchObject({ code: 2, err: expect.stringContaining("--once") });
  expect(await said("--notify-webhook", "http://127.0.0.1:9")).toMatchObject({
    code: 2,
    err: expect.stringContaining("--notify-webhook-secret"),
  });
  expect(await said("--notify-slack", "none")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/--notify-slack none.*ENOENT/),
  });
  expect(hook.received).toEqual([]);
});
