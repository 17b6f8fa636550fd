import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  checkpointPolicy,
  noteVerifier,
  parsePolicy,
  VerificationError,
  verifyCheckpoint,
  type Policy,
} from "@stele/proof";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SteleNode } from "../node.ts";
import { eventState } from "./event-state.ts";
import { TestWitnesses } from "./testing/witnesses.ts";
import type { PublishingOptions } from "./witness-policy.ts";

const PATIENCE = { timeout: 20_000, interval: 20 };
/** Fast enough for a test, and no assertion is about it. */
const INTERVAL_MS = 50;

let dataDir: string;
let vkey: string;
let origin: string;
let witnesses: TestWitnesses;
let node: SteleNode | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stele-publish-"));
  const made = await SteleNode.open({ dataDir });
  ({ vkey, origin } = made.log("main")!);
  await made.close();
  witnesses = await TestWitnesses.start(3, [vkey]);
});

afterEach(async () => {
  await node?.close();
  node = undefined;
  await witnesses.close();
  await rm(dataDir, { recursive: true });
});

async function open(
  options: Partial<PublishingOptions> = {},
  policy = witnesses.policy(2),
): Promise<SteleNode> {
  node = await SteleNode.open({
    dataDir,
    publishing: { intervalMs: INTERVAL_MS, lagMs: 500, policy, ...options },
  });
  return node;
}

async function append(count = 1): Promise<number> {
  const line = `${JSON.stringify({ action: "a.b", actor: { id: "alice" } })}\n`;
  const { treeSize } = await main().append(Buffer.from(line.repeat(count)), {
    type: "ndjson",
    encoding: "identity",
  });
  return treeSize;
}

const main = () => node!.log("main")!;
/** What a client with the policy makes of it. */
const check = (note: Uint8Array, policy: Policy) =>
  verifyCheckpoint(note, noteVerifier(vkey), checkpointPolicy(policy));
const alarms = () => node!.alarms.active.map(({ code, subject }) => `${code} ${subject}`);

async function until(assertion: () => void): Promise<void> {
  await vi.waitFor(assertion, PATIENCE);
}

async function witnessed(treeSize: number): Promise<void> {
  await until(() => expect(main().status().witnessedSize).toBe(treeSize));
}

it("publishes what a quorum has cosigned, and adds late cosignatures", async () => {
  await open();
  expect(main().status()).toMatchObject({ witnessedSize: 0, publishedSize: 0 });
  for (const count of [1, 2, 300]) await witnessed(await append(count));
  await until(() => expect(check(main().published().note, witnesses.policy(3)).cosignatures).toHaveLength(3));
  expect(check(main().published().note, witnesses.policy(2))).toMatchObject({ treeSize: 303, origin });
  for (const state of main().status().witnesses) {
    expect(state).toMatchObject({ cosignedSize: 303, host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  }
  expect(alarms()).toEqual([]);
});

it("goes on with one of three witnesses out, raises an alarm, and clears it when it is back", async () => {
  await open();
  await witnessed(await append());
  await witnesses.stop(1);
  await witnessed(await append());
  await until(() => expect(alarms()).toEqual(["witness_lagging w1"]));
  expect(main().status().witnesses[1]).toMatchObject({
    cosignedSize: 1,
    failure: { reason: "unavailable" },
  });
  await witnessed(await append());
  await witnesses.restart(1);
  await until(() => {
    expect(alarms()).toEqual([]);
    expect(main().status().witnesses[1]).toMatchObject({ cosignedSize: 3 });
  });
});

it("without a quorum publishes nothing, and commits all the same", async () => {
  await open();
  await witnessed(await append());
  const { note } = main().published();
  await witnesses.stop(0);
  await witnesses.stop(1);
  for (let i = 0; i < 3; i++) await append();
  await until(() => expect(alarms()).toEqual(["witness_lagging w0", "witness_lagging w1"]));
  expect(main().head().treeSize).toBe(4);
  expect(main().published().treeSize).toBe(1);
  expect(check(main().published().note, witnesses.policy(2)).root).toEqual(
    check(note, witnesses.policy(2)).root,
  );
  expect([0, 1, 3].map((index) => eventState(index, main().status()))).toEqual([
    "witnessed",
    "committed",
    "committed",
  ]);
  await witnesses.restart(0);
  await witnessed(4);
});

it("a restart goes on from what was published, though no witness answers", async () => {
  await open();
  await witnessed(await append(5));
  await node!.close();
  for (const i of [0, 1, 2]) await witnesses.stop(i);
  await open();
  await append();
  expect(check(main().published().note, witnesses.policy(2)).treeSize).toBe(5);
  expect(main().status()).toMatchObject({ treeSize: 6, witnessedSize: 5, publishedMs: expect.any(Number) });
  for (const i of [0, 1, 2]) await witnesses.restart(i);
  await witnessed(6);
});

it("refuses a published file that was changed", async () => {
  await open();
  await witnessed(await append());
  await node!.close();
  const path = join(dataDir, "logs", "main", "published");
  const text = await readFile(path, "utf8");
  check(Buffer.from(text), witnesses.policy(2));
  await writeFile(path, text.replace(/\n1\n/, "\n2\n"));
  const error: unknown = await open().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(VerificationError);
  expect(error).toMatchObject({ code: "published_file_corrupt" });
  await writeFile(path, text);
});

it("a log that was rolled back below what it published is an alarm, and is not published", async () => {
  await open();
  await witnessed(await append());
  await node!.close();
  const directory = join(dataDir, "logs", "main");
  const backup = join(dataDir, "backup");
  await cp(directory, backup, { recursive: true });
  await open();
  await witnessed(await append());
  await node!.close();
  const published = await readFile(join(directory, "published"));
  await rm(directory, { recursive: true });
  await cp(backup, directory, { recursive: true });
  await writeFile(join(directory, "published"), published);
  await open();
  await until(() => expect(alarms()).toContain("published_conflict published checkpoint"));
  expect(main().published().treeSize).toBe(2);
  // It is continued with another history: the witnesses see it, too, but this node does not even ask them.
  await append(2);
  await until(() =>
    expect(node!.alarms.active.find(({ code }) => code === "published_conflict")?.message).toMatch(
      / 3 entries/,
    ),
  );
  expect(main().published().treeSize).toBe(2);
});

it("a log that was rolled back together with what it published is found by the witnesses", async () => {
  await open();
  await witnessed(await append());
  await node!.close();
  const directory = join(dataDir, "logs", "main");
  const backup = join(dataDir, "backup");
  await cp(directory, backup, { recursive: true });
  await open();
  await witnessed(await append(2));
  await until(() =>
    expect(
      main()
        .status()
        .witnesses.map(({ cosignedSize }) => cosignedSize),
    ).toEqual([3, 3, 3]),
  );
  await node!.close();
  await rm(directory, { recursive: true });
  await cp(backup, directory, { recursive: true });
  await open();
  // Smaller than what they cosigned: they are ahead, and stay so.
  await append();
  await until(() => expect(alarms().filter((alarm) => alarm.startsWith("witness_conflict"))).toHaveLength(3));
  // Larger: a history that does not extend theirs.
  await append(5);
  await until(() => {
    const conflicts = node!.alarms.active.filter(({ code }) => code === "witness_conflict");
    expect(conflicts.map(({ message }) => /422/.test(message))).toEqual([true, true, true]);
    expect(conflicts[0]).toMatchObject({ severity: "critical", evidence: { old_tree_size: 3 } });
  });
  expect(main().published().treeSize).toBe(1);
});

it("renews cosignatures of a log that does not grow", async () => {
  await open({ refreshMs: 1_500 });
  await witnessed(await append());
  await until(() => expect(check(main().published().note, witnesses.policy(3)).cosignatures).toHaveLength(3));
  const times = () =>
    check(main().published().note, witnesses.policy(3)).cosignatures.map((each) => each.timestampSeconds);
  const first = Math.max(...times());
  await until(() => expect(Math.min(...times())).toBeGreaterThan(first));
  expect(main().published().treeSize).toBe(1);
});

it("a witness that does not know the log refuses: an alarm, and the others go on", async () => {
  const strangers = await TestWitnesses.start(1, []);
  try {
    const other = strangers.policyText("none").split("\n", 1)[0]!.replace("w0", "stranger");
    await open({}, witnesses.policy(2, `${other}\n`));
    await witnessed(await append());
    await until(() => expect(alarms()).toEqual(["witness_refuses stranger"]));
    expect(main().status().witnesses[0]).toMatchObject({
      name: "stranger",
      failure: { reason: "log_unknown" },
    });
  } finally {
    await strangers.close();
  }
});

it("log lines must name the log", async () => {
  await open({}, witnesses.policy(2, `log ${vkey}\n`));
  await witnessed(await append());
  await node!.createLog("other");
  expect(alarms()).toEqual(["policy_without_log policy"]);
  expect(node!.log("other")!.status()).toMatchObject({ witnessedSize: undefined, witnesses: [] });
});

it("with no quorum all heads are published, with what cosignatures come", async () => {
  await open({}, witnesses.policy("none"));
  const size = await append();
  await until(() => expect(main().published().treeSize).toBe(size));
  await until(() => expect(check(main().published().note, witnesses.policy(3)).treeSize).toBe(size));
  expect(main().status().witnessedSize).toBeUndefined();
});

it("tells listeners of each checkpoint that is published", async () => {
  await open();
  const told: number[] = [];
  const stop = main().onPublished(({ treeSize }) => told.push(treeSize));
  await witnessed(await append());
  await witnessed(await append(3));
  stop();
  expect(told).toEqual([1, 4]);
});

it("a policy whose quorum can't be asked is refused", async () => {
  const policy = witnesses.policy(2);
  const withoutUrls = { ...policy, witnesses: policy.witnesses.map(({ name, key }) => ({ name, key })) };
  await expect(open({}, withoutUrls)).rejects.toMatchObject({ code: "policy_unusable" });
  const secret = { ...policy.witnesses[0]!, url: "https://user:secret@example.com" };
  const error: unknown = await open(
    {},
    { ...policy, witnesses: [secret, ...policy.witnesses.slice(1)] },
  ).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "policy_unusable" });
  expect(String(error)).not.toContain("secret");
});

/** Puts it in the place of the file in one step, as editors do. */
async function writePolicy(text: string): Promise<string> {
  const path = join(dataDir, "policy");
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
  return path;
}

const refusal = () => node!.alarms.active.find(({ code }) => code === "policy_refused");

async function openFollowing(text: string): Promise<void> {
  await open({ policyPath: await writePolicy(text) }, parsePolicy(Buffer.from(text)));
}

it("takes a changed policy while it runs: one more witness to ask, another quorum", async () => {
  const [first, second, third, ...quorum] = witnesses.policyText(3).split("\n");
  const one = `${first!}\nquorum w0\n`;
  await openFollowing(one);
  await witnessed(await append());
  expect(
    main()
      .status()
      .witnesses.map(({ name }) => name),
  ).toEqual(["w0"]);
  const size = await append(5);
  await writePolicy([first, second, third, ...quorum].join("\n"));
  await until(() =>
    expect(
      main()
        .status()
        .witnesses.map(({ name }) => name),
    ).toEqual(["w0", "w1", "w2"]),
  );
  // Nothing was appended since: the head that was asked about is brought to the new ones, too.
  await witnessed(size);
  await until(() => expect(check(main().published().note, witnesses.policy(3)).cosignatures).toHaveLength(3));
  expect(main().status().publishedSize).toBe(size);
  expect(main().policy()!.witnesses).toHaveLength(3);
  // A log that is made now has it from the start.
  await node!.createLog("other");
  expect(node!.log("other")!.status().witnesses).toHaveLength(3);
  expect(alarms()).toEqual([]);
});

it("what is published stays while the new quorum is not reached, and writes go on", async () => {
  const one = `${witnesses.policyText(3).split("\n")[0]!}\nquorum w0\n`;
  await openFollowing(one);
  await witnessed(await append());
  await witnesses.stop(2);
  await writePolicy(witnesses.policyText(3));
  await until(() => expect(main().status()).toMatchObject({ witnessedSize: 0, publishedSize: 1 }));
  expect(check(main().published().note, parsePolicy(Buffer.from(one)))).toMatchObject({ treeSize: 1 });
  const size = await append(3);
  await until(() =>
    expect(
      main()
        .status()
        .witnesses.map(({ cosignedSize }) => cosignedSize),
    ).toEqual([4, 4, 0]),
  );
  expect(main().status()).toMatchObject({ treeSize: size, witnessedSize: 0, publishedSize: 1 });
  // A quorum that those reach who have cosigned already: what they gave is not asked for again, or lost.
  await witnesses.stop(0);
  await witnesses.stop(1);
  await writePolicy(witnesses.policyText(2));
  await witnessed(size);
  expect(check(main().published().note, witnesses.policy(2)).treeSize).toBe(size);
});

it("refuses a broken policy with an alarm that names the place, and goes on with the one before", async () => {
  const text = witnesses.policyText(2);
  await openFollowing(text);
  const path = join(dataDir, "policy");
  const broken: [text: string, why: RegExp][] = [
    [text.replace("group all 2", "group all 9"), /Line 4 of/],
    [text.replaceAll(/ http:\S+/g, ""), /can't be reached/],
    [text.replace("http://", "http://user:secret@"), /URL/],
    ["x".repeat(300_000), /300000 bytes/],
  ];
  for (const [wrong, why] of broken) {
    await writePolicy(wrong);
    await until(() =>
      expect(refusal()).toMatchObject({ subject: path, message: expect.stringMatching(why) as string }),
    );
    expect(refusal()!.message).toContain(path);
    expect(refusal()!.message).not.toContain("secret");
  }
  await rm(path);
  await until(() => expect(refusal()!.message).toContain("ENOENT"));
  // Nobody writes to it: who reads it waits.
  await promisify(execFile)("mkfifo", [path]);
  await until(() => expect(refusal()!.message).toContain("not a regular file"));
  expect(main().status().witnesses).toHaveLength(3);
  await witnessed(await append());
  await writePolicy(text);
  await until(() => expect(alarms()).toEqual([]));
});

it("forgets what was wrong with a witness that is named no more", async () => {
  await openFollowing(witnesses.policyText(2));
  await witnesses.stop(1);
  await witnessed(await append());
  await until(() => expect(alarms()).toEqual(["witness_lagging w1"]));
  const [first, , third] = witnesses.policyText(2).split("\n");
  await writePolicy(`${first!}\n${third!}\ngroup both all w0 w2\nquorum both\n`);
  await until(() => expect(alarms()).toEqual([]));
  await witnessed(await append());
});

it("keeps the policy of a log that a changed one does not name", async () => {
  await openFollowing(witnesses.policyText(2, `log ${vkey}\n`));
  await witnessed(await append());
  const other = await node!.createLog("other");
  await writePolicy(witnesses.policyText(3, `log ${other.vkey}\n`));
  await until(() =>
    expect(node!.alarms.active).toContainEqual(
      expect.objectContaining({ log: "main", message: expect.stringContaining("policy before") as string }),
    ),
  );
  await witnessed(await append());
  await writePolicy(witnesses.policyText(3, `log ${vkey}\nlog ${other.vkey}\n`));
  await until(() => expect(node!.alarms.active.map(({ log }) => log)).toEqual(["other"]));
  await witnessed(await append());
});

it("a log that nobody has to cosign any more is published once it is durable here, not before", async () => {
  await open();
  for (const i of [0, 1, 2]) await witnesses.stop(i);
  const size = await append();
  await node!.close();
  await openFollowing(witnesses.policyText(2));
  const told: number[] = [];
  main().onPublished(({ treeSize }) => told.push(treeSize));
  await writePolicy(witnesses.policyText("none"));
  await until(() => expect(told).toEqual([size]));
  expect(main().status().publishedMs).toEqual(expect.any(Number));
  const published = await readFile(join(dataDir, "logs", "main", "published"));
  expect(check(published, witnesses.policy("none")).treeSize).toBe(size);
});
