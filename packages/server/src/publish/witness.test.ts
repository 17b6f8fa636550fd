import {
  cosignatureVerifier,
  formatSignatureLine,
  parseAddCheckpoint,
  parseNote,
  proveConsistency,
} from "@stele/proof";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TestLog, testWitness } from "../../../proof/src/testing/test-log.ts";
import type { Clock } from "../log/clock.ts";
import { AlarmBoard } from "../ops/alarms.ts";
import type { Round } from "./round.ts";
import { ScriptedWitness } from "./testing/scripted-witness.ts";
import { Witness } from "./witness.ts";

const LAG_MS = 60_000;
const log = new TestLog(40);
const signer = testWitness("witness.example/1", 2);

/** Time that passes when a test says so. */
let nowMs: number;
const clock: Clock = {
  nowMs: () => 1_700_000_000_000 + nowMs,
  monotonicMs: () => nowMs,
  bootMs: () => nowMs,
  sleep: async () => Promise.reject(new Error("nobody sleeps here")),
};

let scripted: ScriptedWitness;
let alarms: AlarmBoard;
let witness: Witness;
let treeSize: number;
let followingMs: number;

beforeEach(async () => {
  nowMs = 0;
  treeSize = 10;
  followingMs = 0;
  scripted = await ScriptedWitness.start();
  alarms = new AlarmBoard(() => clock.nowMs());
  witness = new Witness({
    log: "main",
    witness: { name: "w1", key: signer.key, url: scripted.url },
    verifier: cosignatureVerifier(signer.key),
    proveConsistency: (from, to) => proveConsistency(from, to, log.readHashes),
    treeSize: () => treeSize,
    followingMs: () => followingMs,
    limits: { timeoutMs: 5_000, refreshMs: 3_600_000, lagMs: LAG_MS },
    alarms,
    clock,
    random: () => 0,
  });
});
afterEach(async () => {
  await scripted.close();
});

async function roundOf(size: number): Promise<Round> {
  const note = await log.signedCheckpoint(size);
  return { treeSize: size, root: log.roots[size]!, note, startedMs: nowMs, cosignatures: new Map() };
}

/** Asks if it is due; resolves with whether there is a cosignature. */
async function ask(size = treeSize): Promise<boolean | "not due"> {
  const round = await roundOf(size);
  witness.watch(round);
  if (!witness.isDue(round)) return "not due";
  return (await witness.ask(round, new AbortController().signal)) !== undefined;
}

/** Answers as a witness that has cosigned `cosigned` entries and likes what it is asked. */
function cosigning(cosigned = 0): void {
  scripted.script = (_, response, body) => {
    const { oldTreeSize, checkpoint } = parseAddCheckpoint(body);
    if (oldTreeSize !== cosigned) {
      response.writeHead(409, { "content-type": "text/x.tlog.size" }).end(`${cosigned}\n`);
      return;
    }
    void signer.cosign(checkpoint, 1_700_000_000).then((note) => {
      cosigned = Number(parseNote(note).text.split("\n")[1]);
      response.end(`${formatSignatureLine(parseNote(note).signatures.at(-1)!)}\n`);
    });
  };
}

const olds = () => scripted.bodies.map((body) => parseAddCheckpoint(body).oldTreeSize);
const raised = () => alarms.active.map(({ code, severity }) => `${severity} ${code}`);

it("begins with nothing, and goes on from what was cosigned", async () => {
  cosigning();
  expect(await ask(10)).toBe(true);
  expect(await ask(10)).toBe("not due");
  expect(await ask(17)).toBe(true);
  expect(olds()).toEqual([0, 10]);
  expect(witness.state).toMatchObject({ name: "w1", cosignedSize: 17, cosignedAgoMs: 0 });
  nowMs += 3_600_000;
  expect(await ask(17), "to be renewed").toBe(true);
  expect(olds()).toEqual([0, 10, 17]);
});

it("takes the size that it is told, and tries again at once", async () => {
  cosigning(7);
  expect(await ask(10)).toBe(true);
  expect(olds()).toEqual([0, 7]);
  expect(parseAddCheckpoint(scripted.bodies[1]!).proof.length).toBeGreaterThan(0);
  // The witness lost its state: a smaller size is as good.
  cosigning(3);
  expect(await ask(12)).toBe(true);
  expect(olds()).toEqual([0, 7, 10, 3]);
});

it("remembers what was cosigned before the node was started", async () => {
  witness.remember(8, 1_700_000_000);
  cosigning(8);
  expect(await ask(10)).toBe(true);
  expect(olds()).toEqual([8]);
});

it("gives up for now where other nodes are faster each time", async () => {
  let cosigned = 1;
  scripted.script = (_, response) =>
    void response.writeHead(409, { "content-type": "text/x.tlog.size" }).end(`${cosigned++}\n`);
  expect(await ask(10)).toBe(false);
  expect(scripted.bodies).toHaveLength(3);
  expect(witness.state.failure).toBeUndefined();
  cosigning(cosigned);
  expect(await ask(10), "asked again in the next round").toBe(true);
});

it("a witness that repeats the size that it was asked from is wrong", async () => {
  scripted.answerSize(0);
  expect(await ask()).toBe(false);
  expect(scripted.bodies).toHaveLength(1);
  expect(raised()).toEqual(["warning witness_refuses"]);
});

it("a witness that is ahead is asked when the node has followed", async () => {
  scripted.answerSize(20);
  expect(await ask(10)).toBe(false);
  expect(witness.state.failure).toMatchObject({ reason: "ahead" });
  nowMs += 1_000;
  expect(await ask(10)).toBe("not due");
  treeSize = 21;
  cosigning(20);
  expect(await ask(21)).toBe(true);
  expect(olds()).toEqual([0, 20]);
  expect(raised()).toEqual([]);
});

it("a witness that stays ahead is a conflict, unless this node is the one that lags", async () => {
  scripted.answerSize(20);
  expect(await ask(10)).toBe(false);
  followingMs = LAG_MS * 2;
  nowMs += LAG_MS + 1;
  await ask(10);
  expect(raised()).not.toContain("critical witness_conflict");
  followingMs = 0;
  await ask(10);
  expect(raised()).toContain("critical witness_conflict");
  expect(alarms.active.find(({ code }) => code === "witness_conflict")).toMatchObject({
    log: "main",
    subject: "w1",
    evidence: { witness_tree_size: 20 },
  });
  treeSize = 20;
  cosigning(20);
  expect(await ask(20)).toBe(true);
  expect(raised()).toEqual([]);
});

it("asks one that is ahead now and then, whether it still is", async () => {
  scripted.answerSize(20);
  expect(await ask(10)).toBe(false);
  cosigning(5);
  nowMs += 60_000;
  expect(await ask(10)).toBe(true);
  // Never with an old size that is larger than the checkpoint's: that would be our mistake (400).
  expect(olds()).toEqual([0, 10, 5]);
});

it.each([
  [422, "critical witness_conflict", 600_000],
  [409, "critical witness_conflict", 600_000],
  [400, "warning witness_refuses", 60_000],
  [403, "warning witness_refuses", 60_000],
  [404, "warning witness_refuses", 60_000],
  [200, "warning witness_refuses", 60_000],
  [302, "warning witness_refuses", 60_000],
])("%s: %s, and it is left alone for %s ms", async (status, alarm, pauseMs) => {
  scripted.answer(status);
  expect(await ask()).toBe(false);
  expect(scripted.bodies).toHaveLength(1);
  expect(raised()).toEqual([alarm]);
  nowMs = pauseMs - 1;
  expect(await ask()).toBe("not due");
  nowMs = pauseMs;
  cosigning();
  expect(await ask()).toBe(true);
  expect(raised()).toEqual([]);
});

it("the evidence of a conflict is what the witness was asked", async () => {
  witness.remember(5, 1_700_000_000);
  scripted.answer(422);
  await ask(10);
  const checkpoint = Buffer.from(await log.signedCheckpoint(10)).toString();
  expect(alarms.active[0]?.evidence).toMatchObject({
    witness: "w1",
    old_tree_size: 5,
    proof: expect.arrayContaining([expect.any(String)]),
    checkpoint,
  });
  expect(JSON.stringify(alarms.active)).not.toContain("prefix");
});

it.each([500, 503, 429])(
  "%s is tried again, ever more seldom, and is an alarm only if it lasts",
  async (status) => {
    scripted.answer(status);
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000]) {
      expect(await ask()).toBe(false);
      nowMs += pauseMs - 1;
      expect(await ask()).toBe("not due");
      nowMs += 1;
    }
    expect(raised()).toEqual([]);
    nowMs += LAG_MS;
    await ask();
    expect(raised()).toEqual(["warning witness_lagging"]);
    nowMs += LAG_MS;
    cosigning();
    expect(await ask()).toBe(true);
    expect(raised()).toEqual([]);
  },
);

it("who says no for long has one alarm, and not another for being late", async () => {
  scripted.answer(403);
  expect(await ask()).toBe(false);
  nowMs += 2 * LAG_MS;
  await ask();
  expect(raised()).toEqual(["warning witness_refuses"]);
});

it("Retry-After is respected", async () => {
  scripted.answer(429, "", { "retry-after": "120" });
  expect(await ask()).toBe(false);
  nowMs = 119_999;
  expect(await ask()).toBe("not due");
  nowMs = 120_000;
  cosigning();
  expect(await ask()).toBe(true);
});

it("an outage does not end the alarm of a conflict; only a cosignature does", async () => {
  scripted.answer(422);
  await ask();
  nowMs += 600_000;
  scripted.answer(500);
  await ask();
  expect(raised()).toContain("critical witness_conflict");
});
