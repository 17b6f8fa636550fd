import type { KeyList, ProofClaim } from "@stele/client";
import {
  encodeUtf8,
  formatVerifierKey,
  leafHash,
  MalformedError,
  proveConsistency,
  proveInclusion,
  signKeyStatement,
  signNote,
  UnavailableError,
} from "@stele/proof";
import { describe, expect, test } from "vitest";
import { ORIGIN, TestLog, testSigner, testWitness } from "../../../proof/src/testing/test-log.ts";
import { checkProof, unreadableAnswer, type ProofQuestion } from "./check-proof.ts";
import { failedStep } from "./proof-report.ts";
import type { LogTrust } from "./trust-store.ts";

const SIZE = 13;
const INDEX = 5;
const log = new TestLog(SIZE);
const other = new TestLog(SIZE, (index) => `other ${index}`);
const vkey = formatVerifierKey(log.signer.key);
const keys: KeyList = { origin: ORIGIN, vkey, keys: [], statements: [] };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const consistencyOf =
  (of: TestLog): ProofQuestion["askConsistency"] =>
  (from, to) =>
    proveConsistency(from, to, of.readHashes);

async function claimOf(of = log, treeSize = SIZE, index = INDEX): Promise<ProofClaim> {
  const entry = of.entries[index]!;
  const proof = await proveInclusion(index, treeSize, of.readHashes);
  const note = await of.signedCheckpoint(treeSize);
  return { entry, leafHash: leafHash(entry), state: "sealed", leafIndex: index, treeSize, proof, note };
}

async function check(change: Partial<ProofQuestion> = {}) {
  const question: ProofQuestion = {
    index: INDEX,
    claim: await claimOf(),
    trust: { pinned: { kind: "key", text: vkey } },
    keys,
    policy: undefined,
    askConsistency: consistencyOf(log),
    ...change,
  };
  const report = await checkProof(question);
  const failed = failedStep(report);
  const stateOf = (name: string) => report.steps.find((step) => step.name === name)!.state;
  return { report, stateOf, failed: failed && `${failed.name} ${failed.code}`, verdict: report.verdict };
}

const seenAt = async (of: TestLog, size: number) => ({
  note: text(await of.signedCheckpoint(size)),
  atMs: 1,
});

describe("the key", () => {
  test("that a person pinned proves the entry", async () => {
    const { verdict, report } = await check();
    expect(verdict).toBe("proven");
    expect(report.signer?.name).toBe(ORIGIN);
    expect(report.path?.root.hash).toEqual(log.roots[SIZE]);
  });

  test("that the node names just now proves less", async () => {
    const { verdict, stateOf } = await check({ trust: {} });
    expect([verdict, stateOf("signature")]).toEqual(["first-use", "remark"]);
  });

  test("must be the one that is remembered", async () => {
    const strange = formatVerifierKey(testSigner(ORIGIN, 9).key);
    const trust = { remembered: { vkeys: [strange], sinceMs: 1 } };
    expect((await check({ trust })).failed).toBe("signature key_not_in_succession");
    const known = { remembered: { vkeys: [vkey], sinceMs: 1 } };
    expect((await check({ trust: known })).verdict).toBe("proven");
    expect((await check({ trust: known, keys: { ...keys, vkey: strange } })).failed).toBe(
      "signature key_not_in_succession",
    );
  });

  test("may follow it, by a statement that both signed", async () => {
    const next = testSigner(ORIGIN, 9);
    const after = formatVerifierKey(next.key);
    const statement = await signKeyStatement(
      { kind: "succession", origin: ORIGIN, before: vkey, after, treeSize: SIZE - 1 },
      [log.signer, next],
    );
    const claim = await claimOf();
    const note = await signNote(text(claim.note).split("\n\n")[0]! + "\n", [next]);
    const listed = { ...keys, vkey: after, statements: [statement] };
    const { verdict, report } = await check({ claim: { ...claim, note }, keys: listed });
    expect([verdict, report.vkeys]).toEqual(["proven", [vkey, after]]);
    expect((await check({ claim: { ...claim, note }, keys: { ...keys, vkey: after } })).failed).toBe(
      "signature key_not_in_succession",
    );
  });

  test("is looked for in a pinned policy", async () => {
    expect((await check({ trust: policyOf(`log ${vkey}`) })).verdict).toBe("proven");
    const elsewhere = formatVerifierKey(testSigner("elsewhere.example", 3).key);
    expect((await check({ trust: policyOf(`log ${elsewhere}`) })).failed).toBe(
      "signature checkpoint_origin_wrong",
    );
  });

  test("can't be known from an answer that is none, nor from a memory that can't be read", async () => {
    const broken = { code: "response_malformed", unreadable: "no keys" };
    expect((await check({ keys: broken })).failed).toBe("signature response_malformed");
    const trust = { code: "trust_malformed", unreadable: "no memory" };
    expect((await check({ trust })).failed).toBe("signature trust_malformed");
  });
});

describe("cosignatures", () => {
  const [a, b] = [testWitness("a.example", 11), testWitness("b.example", 12)];
  const policy = (threshold: number) =>
    `log ${vkey}\nwitness a ${formatVerifierKey(a.key)}\nwitness b ${formatVerifierKey(b.key)}\ngroup all ${threshold} a b\nquorum all\n`;

  test("are each checked; too few are a remark on the node's word, and a failure on a person's", async () => {
    const claim = await claimOf();
    const note = await a.cosign(claim.note, 1_000);
    const half = { claim: { ...claim, note } };
    const enough = await check({ ...half, policy: policy(1) });
    expect(enough.stateOf("cosignatures")).toBe("passed");
    expect(enough.report.cosigners).toMatchObject([
      { name: "a.example", state: "valid", timestampSeconds: 1_000 },
    ]);
    const few = await check({ ...half, policy: policy(2) });
    expect([few.verdict, few.stateOf("cosignatures")]).toEqual(["proven", "remark"]);
    const pinned = { pinned: { kind: "policy", text: policy(2) } } as const;
    expect((await check({ ...half, trust: pinned })).failed).toBe("cosignatures cosignatures_too_few");
  });

  test("by strangers are listed, and wrong ones of witnesses are a failure", async () => {
    const claim = await claimOf();
    const strange = await testWitness("c.example", 13).cosign(claim.note, 1);
    expect((await check({ claim: { ...claim, note: strange } })).report.cosigners).toMatchObject([
      { state: "unknown" },
    ]);
    const wrong = await a.cosign(await other.signedCheckpoint(), 1_000);
    const note = encodeUtf8(text(claim.note) + text(wrong).trimEnd().split("\n").at(-1)! + "\n");
    const { failed, report } = await check({ claim: { ...claim, note }, policy: policy(1) });
    expect(failed).toBe("cosignatures note_signature_wrong");
    expect(report.cosigners).toMatchObject([{ state: "invalid" }]);
  });

  test("under a policy that is none are a failure", async () => {
    expect((await check({ policy: "quorum\n" })).failed).toBe("cosignatures policy_malformed");
  });
});

describe("the checkpoint seen before", () => {
  const pinned = { kind: "key", text: vkey } as const;

  test.each([1, 8, SIZE])("of size %i is extended", async (size) => {
    const { verdict, stateOf } = await check({ trust: { pinned, seen: await seenAt(log, size) } });
    expect([verdict, stateOf("consistency")]).toEqual(["proven", "passed"]);
  });

  test("may be newer, if this one is its beginning", async () => {
    const question = { claim: await claimOf(log, 9), trust: { pinned, seen: await seenAt(log, SIZE) } };
    const { verdict, stateOf } = await check(question);
    expect([verdict, stateOf("consistency")]).toEqual(["proven", "remark"]);
  });

  test.each([8, SIZE])("of size %i and another history convicts the log, with both notes", async (size) => {
    const seen = await seenAt(other, size);
    const { failed, report } = await check({ trust: { pinned, seen } });
    expect(failed).toBe("consistency consistency_not_proven");
    expect(report.conflict).toEqual({ seen: seen.note, shown: text(await log.signedCheckpoint()) });
  });

  test("that the node does not know any more is a rollback", async () => {
    const refusal = new MalformedError("integer_out_of_range", "no such size");
    const question = {
      claim: await claimOf(log, 9),
      trust: { pinned, seen: await seenAt(log, SIZE) },
      askConsistency: () => Promise.reject(refusal),
    };
    const { failed, report } = await check(question);
    expect(failed).toBe("consistency integer_out_of_range");
    expect(report.steps.at(-1)!.text).toContain("Rollback");
  });

  test("is not compared by a node that can't be reached: nothing is known then", async () => {
    const away = new UnavailableError("unreachable", "away");
    const question = {
      trust: { pinned, seen: await seenAt(log, 8) },
      askConsistency: () => Promise.reject(away),
    };
    await expect(check(question)).rejects.toBe(away);
  });
});

describe("an answer that was changed", () => {
  const cases: readonly [string, (claim: ProofClaim) => Partial<ProofClaim>][] = [
    ["entry proof_of_other_entry", () => ({ leafIndex: 6 })],
    ["entry entry_too_long", () => ({ entry: new Uint8Array(65_536) })],
    ["leaf entry_not_authentic", ({ entry }) => ({ entry: flip(entry) })],
    ["leaf entry_not_authentic", (claim) => ({ leafHash: flip(claim.leafHash) })],
    ["path inclusion_not_proven", ({ proof }) => ({ proof: proof.slice(1) })],
    ["path hash_malformed", ({ proof }) => ({ proof: proof.map((hash) => hash.slice(1)) })],
    ["root inclusion_not_proven", ({ proof }) => ({ proof: proof.toReversed() })],
    ["root inclusion_not_proven", () => ({ treeSize: 12 })],
    ["root note_malformed", () => ({ note: new Uint8Array() })],
    [
      "signature note_signature_wrong",
      ({ note }) => ({ note: encodeUtf8(text(note).replace(/.{4}\n$/, "AAA=\n")) }),
    ],
  ];

  test.each(cases)("fails: %s", async (failed, change) => {
    const claim = await claimOf();
    const found = await check({ claim: { ...claim, ...change(claim) } });
    expect(found.failed).toBe(failed);
    expect(found.verdict).toBe("failed");
  });

  test("to none at all fails at the entry", () => {
    const report = unreadableAnswer({ code: "response_malformed", unreadable: "half" }, {});
    expect([report.verdict, failedStep(report)?.name]).toEqual(["failed", "entry"]);
    expect(report.steps).toHaveLength(7);
  });
});

function flip(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
}

function policyOf(line: string): LogTrust {
  return { pinned: { kind: "policy", text: `${line}\nquorum none\n` } };
}
