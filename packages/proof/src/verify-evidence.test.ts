import { describe, expect, test } from "vitest";
import golden from "../vectors/evidence.json" with { type: "json" };
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { formatEvidence, parseEvidence, type Evidence } from "./evidence.ts";
import type { EvidenceTrust } from "./evidence-trust.ts";
import { parsePolicy } from "./policy.ts";
import { signNote } from "./note.ts";
import { signKeyStatement } from "./succession.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { expectError } from "./testing/expect-error.ts";
import {
  COSIGNED_AT_SECONDS,
  evidenceLog,
  testEntry,
  testEvidence,
  testPolicy,
  textOfEvidence,
  witnesses,
} from "./testing/test-evidence.ts";
import { ORIGIN, testSigner } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import { formatVerifierKey } from "./verifier-key.ts";
import { verifyEvidence } from "./verify-evidence.ts";

const vkey = formatVerifierKey(evidenceLog.signer.key);
const policy = parsePolicy(encodeUtf8(testPolicy));
const trusts: readonly [string, EvidenceTrust][] = [
  ["nothing", {}],
  ["a key", { vkey }],
  ["a policy", { policy }],
];
const indexes = [3, 4, 5, 60, 99];
const evidence = await testEvidence(indexes);
/** As a file: what its parser refuses counts as refused. */
const verify = (wrong: Evidence, trust: EvidenceTrust = {}) =>
  verifyEvidence(parseEvidence(formatEvidence(wrong)), trust);
const wrong = (code: Parameters<typeof expectError>[1], run: () => unknown) =>
  expectError(VerificationError, code, run);

test("the golden bundle verifies, and is written the same", () => {
  const bytes = encodeUtf8(golden.evidence);
  const verified = verifyEvidence(parseEvidence(bytes), { policy: parsePolicy(encodeUtf8(golden.policy)) });
  expect(verified).toMatchObject({ checkpoint: { treeSize: 100 }, witnessing: { reached: true } });
  expect(verified.entries).toHaveLength(5);
  expect(decodeUtf8(formatEvidence(parseEvidence(bytes)))).toBe(golden.evidence);
});

test("says what is proven, and by whom", () => {
  const verified = verify(evidence, { policy });
  expect(verified).toMatchObject({
    checkpoint: { treeSize: 100, origin: ORIGIN },
    signedBy: [vkey],
    keyFrom: "trusted",
    witnessing: { policyFrom: "trusted", required: true, reached: true },
    completeness: { run: undefined, sources: [{ id: "door", first: 1, last: 33, missing: 30 }] },
  });
  expect(verified.witnessing.witnesses.map((witness) => witness.cosignedAtSeconds)).toEqual([
    COSIGNED_AT_SECONDS,
    COSIGNED_AT_SECONDS,
  ]);
  expect(verified.entries.map(({ leafIndex, entry }) => [leafIndex, entry])).toEqual(
    indexes.map((index) => [index, testEntry(index)]),
  );
  expect(verify(evidence, { vkey })).toMatchObject({
    keyFrom: "trusted",
    witnessing: { policyFrom: "file" },
  });
  expect(verify(evidence)).toMatchObject({ keyFrom: "file", witnessing: { policyFrom: "file" } });
});

test("no entries, one, all of them", async () => {
  for (const some of [[], [0], [99], Array.from({ length: 100 }, (_, i) => i)]) {
    expect(verify(await testEvidence(some), { policy }).entries).toHaveLength(some.length);
  }
  const all = await testEvidence(Array.from({ length: 100 }, (_, i) => i));
  expect([all.proof, verify(all).completeness.run]).toEqual([[], { first: 0, last: 99 }]);
});

test("another log's key, and a policy without one of this log, are refused", () => {
  const other = testSigner(ORIGIN, 9);
  const stranger = testSigner("log.example/other", 9);
  for (const { key } of [other, stranger]) {
    wrong("note_not_signed", () => verify(evidence, { vkey: formatVerifierKey(key) }));
  }
  const foreign = testPolicy.replace(vkey, formatVerifierKey(stranger.key));
  wrong("checkpoint_origin_wrong", () => verify(evidence, { policy: parsePolicy(encodeUtf8(foreign)) }));
  expectError(MalformedError, "evidence_malformed", () => verify({ ...evidence, policy: foreign }));
  const replaced = testPolicy.replace(vkey, formatVerifierKey(other.key));
  wrong("note_not_signed", () => verify(evidence, { policy: parsePolicy(encodeUtf8(replaced)) }));
});

test("witnesses: a trusted policy must be met; the bundle's own is only told", async () => {
  const note = await evidenceLog.signedCheckpoint(100);
  const cosigned = await witnesses[0]!.cosign(note, COSIGNED_AT_SECONDS);
  for (const checkpoint of [note, cosigned].map(decodeUtf8)) {
    const few = { ...evidence, checkpoint };
    wrong("cosignatures_too_few", () => verify(few, { policy }));
    expect(verify(few).witnessing).toMatchObject({ required: true, reached: false });
  }
  const byOthers = { ...evidence, policy: `log ${vkey}\nquorum none\n` };
  expect(verify(byOthers, { vkey }).witnessing).toEqual({
    policyFrom: "file",
    witnesses: [],
    required: false,
    reached: true,
  });
  expect(verify(byOthers, { policy }).witnessing).toMatchObject({ policyFrom: "trusted", reached: true });
});

describe.each(trusts)("whatever is changed is found, trusting %s", (_name, trust) => {
  const without = (i: number) => evidence.entries.toSpliced(i, 1);
  const changes: readonly [string, Partial<Evidence>, Parameters<typeof expectError>[1]][] = [
    [
      "an entry",
      { entries: evidence.entries.with(1, { leafIndex: 4, entry: testEntry(4).replace("ann", "bob") }) },
      "inclusion_not_proven",
    ],
    ["an entry less", { entries: without(2) }, "inclusion_not_proven"],
    [
      "an entry at another index",
      { entries: evidence.entries.with(3, { ...evidence.entries[3]!, leafIndex: 61 }) },
      "inclusion_not_proven",
    ],
    [
      "two entries swapped",
      {
        entries: evidence.entries.map(({ leafIndex }, i) => ({
          leafIndex,
          entry: testEntry(indexes[[0, 2, 1, 3, 4][i]!]!),
        })),
      },
      "inclusion_not_proven",
    ],
    ["a hash less", { proof: evidence.proof.slice(1) }, "inclusion_not_proven"],
    ["a hash more", { proof: [...evidence.proof, evidence.proof[0]!] }, "inclusion_not_proven"],
    [
      "a run that is none",
      { provable: { ...evidence.provable, run: { first: 3, last: 99 } } },
      "evidence_claim_wrong",
    ],
    [
      "a gap that is not told",
      { provable: { run: undefined, sources: [{ id: "door", first: 1, last: 33, missing: 0 }] } },
      "evidence_claim_wrong",
    ],
    ["a source that is not told", { provable: { run: undefined, sources: [] } }, "evidence_claim_wrong"],
    [
      "more searched than there is",
      { declared: { ...evidence.declared, searchedSize: 101 } },
      "evidence_claim_wrong",
    ],
    [
      "less searched than was found",
      { declared: { ...evidence.declared, searchedSize: 99 } },
      "evidence_claim_wrong",
    ],
  ];
  test.each(changes)("%s", (_what, change, code) => {
    wrong(code, () => verify({ ...evidence, ...change }, trust));
  });

  test("entries twice, or in another order", () => {
    const [first, second] = evidence.entries;
    for (const entries of [
      [first!, ...evidence.entries],
      [second!, first!, ...evidence.entries.slice(2)],
    ]) {
      expectError(MalformedError, "leaves_malformed", () => verify({ ...evidence, entries }, trust));
    }
    expectError(MalformedError, "evidence_malformed", () =>
      verify({ ...evidence, entries: [], provable: { run: undefined, sources: [] } }, trust),
    );
  });

  test("an index outside of the tree", () => {
    const entries = evidence.entries.with(4, { leafIndex: 100, entry: testEntry(100) });
    expectError(MalformedError, "integer_out_of_range", () => verify({ ...evidence, entries }, trust));
  });
});

test("each character of the checkpoint, of the proof and of an entry counts", async () => {
  // Of one signature: each costs milliseconds.
  const plain = decodeUtf8(await evidenceLog.signedCheckpoint());
  const text = textOfEvidence({ ...evidence, checkpoint: plain });
  const parts = [
    text.indexOf('"checkpoint":"') + 14,
    text.indexOf('"proof":"') + 9,
    text.indexOf('"entries":') + 10,
  ];
  for (const [i, length] of [plain.length, 200, 200].entries()) {
    for (let at = parts[i]!; at < parts[i]! + length; at++) {
      const character = text[at] === "A" ? "B" : "A";
      const damaged = encodeUtf8(text.slice(0, at) + character + text.slice(at + 1));
      let thrown: unknown;
      try {
        verifyEvidence(parseEvidence(damaged), { vkey });
      } catch (error) {
        thrown = error;
      }
      expect(thrown, `${at}: ${text.slice(at - 20, at + 1)}`).toBeInstanceOf(SteleError);
    }
  }
});

test("a wrong cosignature of a witness that the bundle itself states is refused, too", () => {
  const lines = evidence.checkpoint.split("\n");
  const at = lines.findIndex((line) => line.startsWith("— witness.example/two"));
  const forged = lines[at]!.replace(/.{8}(.{4})$/, "AAAAAAAA$1");
  for (const [, trust] of trusts) {
    const change = { checkpoint: lines.with(at, forged).join("\n") };
    expect(change.checkpoint).not.toBe(evidence.checkpoint);
    wrong("note_signature_wrong", () => verify({ ...evidence, ...change }, trust));
  }
});

describe("a log whose key changed", async () => {
  const next = testSigner(ORIGIN, 7);
  const statement = await signKeyStatement(
    { kind: "succession", origin: ORIGIN, before: vkey, after: formatVerifierKey(next.key), treeSize: 50 },
    [evidenceLog.signer, next],
  );
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: 100, root: evidenceLog.roots[100]! });
  const checkpoint = decodeUtf8(await signNote(text, [next]));
  const succession = [decodeUtf8(statement)];
  const newPolicy = `log ${formatVerifierKey(next.key)}\nquorum none\n`;

  test("is known by its first key, by its new key, and by neither alone without the statement", () => {
    const bundle = { ...evidence, checkpoint, succession, policy: newPolicy };
    const known = [vkey, formatVerifierKey(next.key)];
    for (const key of known) {
      expect(verify(bundle, { vkey: key })).toMatchObject({ signedBy: [known[1]], keyFrom: "trusted" });
    }
    expect(verify(bundle, {})).toMatchObject({ keyFrom: "file" });
    wrong("note_not_signed", () => verify({ ...bundle, succession: [] }, { vkey }));
    const other = formatVerifierKey(testSigner(ORIGIN, 8).key);
    wrong("key_not_in_succession", () => verify(bundle, { vkey: other }));
    const both = parsePolicy(encodeUtf8(`log ${other}\nlog ${vkey}\nquorum none\n`));
    expect(verify(bundle, { policy: both }).signedBy).toEqual([known[1]]);
  });

  test("what the new key may not sign is refused", async () => {
    const old = await testEvidence([1], 20);
    const note = formatCheckpoint({ origin: ORIGIN, treeSize: 20, root: evidenceLog.roots[20]! });
    const resigned = { ...old, succession, checkpoint: decodeUtf8(await signNote(note, [next])) };
    for (const trust of [{ vkey }, {}]) {
      wrong("key_not_valid_for_size", () => verify(resigned, trust));
    }
  });
});
