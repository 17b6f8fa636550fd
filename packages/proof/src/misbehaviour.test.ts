import { createPublicKey, verify as verifySignature } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import artefacts from "../vectors/artefacts.json" with { type: "json" };
import { formatCheckpoint } from "./checkpoint.ts";
import { cosignatureVerifier } from "./cosignature.ts";
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { emptyRoot, type Hash } from "./hasher.ts";
import {
  findMisbehaviour,
  formatMisbehaviour,
  parseMisbehaviour,
  verifyMisbehaviour,
  type Misbehaviour,
} from "./misbehaviour.ts";
import { formatNote, noteVerifier, parseNote, signNote, type NoteSigner } from "./note.ts";
import { flipBit } from "./testing/bytes.ts";
import { expectError } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { consistencyProof, merkleTreeHash } from "./testing/recursive-tree.ts";
import { ORIGIN, TestLog, testSigner, testWitness } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

Error.stackTraceLimit = 0;

const SIZES = 20;
const log = new TestLog(SIZES, undefined, nativeHasher);
/** The same log with the same key, which shows somebody other entries from the sixth on. */
const fork = new TestLog(SIZES, (i) => (i < 5 ? `entry ${i}` : `another entry ${i}`), nativeHasher);
const leaves = (of: TestLog, n: number) => Array.from({ length: n }, (_, i) => of.hash(0, i));
const note = (of: TestLog, treeSize: number) => of.signedCheckpoint(treeSize);
/** Native, since thousands of signatures are verified. */
const native = (key: typeof log.signer.key) => {
  const x = Buffer.from(key.publicKey).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return noteVerifier(key, (_, message, signature) => verifySignature(null, message, publicKey, signature));
};
const logVerifier = native(log.signer.key);
const verify = (bytes: Uint8Array, keys: Parameters<typeof verifyMisbehaviour>[1] = logVerifier) =>
  verifyMisbehaviour(bytes, keys, {}, nativeHasher);
const provesNothing = (bytes: Uint8Array, keys?: Parameters<typeof verifyMisbehaviour>[1]) =>
  expectError(VerificationError, "misbehaviour_not_proven", () => verify(bytes, keys));
const signed = async (
  head: { treeSize: number; root: Hash; origin?: string; extensions?: string[] },
  signer: NoteSigner = log.signer,
) => await signNote(formatCheckpoint({ origin: ORIGIN, ...head }), [signer]);

/** By the definitions of RFC 6962 alone. */
function expectedProof(
  older: Uint8Array,
  m: number,
  newer: Uint8Array,
  n: number,
  of: TestLog,
): Misbehaviour {
  if (m === n) return { older, newer };
  const root = merkleTreeHash(leaves(of, m), nativeHasher);
  return { older, newer, prefix: { root, proof: consistencyProof(m, leaves(of, n), nativeHasher) } };
}

test("every pair of sizes of two histories: what differs is proven, what does not is not", async () => {
  for (let n = 1; n <= SIZES; n++) {
    for (let m = 1; m <= n; m++) {
      const [older, newer] = [await log.checkpoint(m), await fork.checkpoint(n)];
      const found = await findMisbehaviour(older, newer, fork.readHashes, nativeHasher);
      const expected = expectedProof(await note(log, m), m, await note(fork, n), n, fork);
      if (m <= 5) {
        expect(found).toBeUndefined();
        provesNothing(formatMisbehaviour(expected));
        continue;
      }
      expect(found).toEqual(expected);
      const file = formatMisbehaviour(found!);
      expect(parseMisbehaviour(file)).toEqual(found);
      expect(verify(file)).toMatchObject({
        origin: ORIGIN,
        older: { treeSize: m, root: log.roots[m] },
        newer: { treeSize: n, root: fork.roots[n] },
        prefix: { treeSize: m, root: fork.roots[m] },
      });
    }
  }
});

test("the golden file still convicts", () => {
  const file = encodeUtf8(artefacts.misbehaviour);
  expect(formatMisbehaviour(parseMisbehaviour(file))).toEqual(file);
  expect(verifyMisbehaviour(file, noteVerifier(artefacts.logKey))).toMatchObject({
    older: { treeSize: 7 },
    newer: { treeSize: 13 },
  });
});

test("every tree extends the empty one", async () => {
  const empty = await log.checkpoint(0);
  expect(await findMisbehaviour(empty, await fork.checkpoint(7), fork.readHashes)).toBeUndefined();
  expect(await findMisbehaviour(empty, await fork.checkpoint(0), fork.readHashes)).toBeUndefined();
  const [older, newer] = [await note(log, 0), await note(fork, 7)];
  provesNothing(formatMisbehaviour({ older, newer, prefix: { root: emptyRoot(), proof: [] } }));
  provesNothing(formatMisbehaviour({ older, newer, prefix: { root: log.hash(0, 0), proof: [] } }));
  provesNothing(formatMisbehaviour({ older, newer: older }));
});

test("checkpoints of equal trees prove nothing, whatever else is said in them", async () => {
  const [older, root] = [await note(log, 9), log.roots[9]!];
  provesNothing(formatMisbehaviour({ older, newer: older }));
  for (const extensions of [["later"], ["one", "two"]]) {
    provesNothing(formatMisbehaviour({ older, newer: await signed({ treeSize: 9, root, extensions }) }));
  }
});

test("what others signed proves nothing", async () => {
  const older = await note(log, 9);
  const root = fork.roots[9]!;
  const thief = testSigner(ORIGIN, 7);
  const other = testSigner("log.example/other", 8);
  const refused = (newer: Uint8Array, code: "note_not_signed" | "checkpoint_origin_wrong") =>
    expectError(VerificationError, code, () => verify(formatMisbehaviour({ older, newer })));
  refused(await signed({ treeSize: 9, root }, thief), "note_not_signed");
  refused(await signed({ treeSize: 9, root }, other), "note_not_signed");
  refused(await signed({ treeSize: 9, root, origin: other.key.name }), "checkpoint_origin_wrong");
  // Both are trusted, for two logs.
  const both = [log.verifier, noteVerifier(other.key)];
  const foreign = await signed({ treeSize: 9, root, origin: other.key.name }, other);
  provesNothing(formatMisbehaviour({ older, newer: foreign }), both);
  const mixed = await signed({ treeSize: 9, root }, other);
  expectError(VerificationError, "checkpoint_origin_wrong", () =>
    verify(formatMisbehaviour({ older, newer: mixed }), both),
  );
  // Two keys of one log: it said both.
  const successor = testSigner(ORIGIN, 9);
  const file = formatMisbehaviour({ older, newer: await signed({ treeSize: 9, root }, successor) });
  expect(verify(file, [log.verifier, noteVerifier(successor.key)]).origin).toBe(ORIGIN);
});

test("cosignatures stay in the file, and count if asked for", async () => {
  const witness = testWitness("witness.example/w", 3);
  const older = await witness.cosign(await note(log, 9), 1_000);
  const newer = await note(fork, 9);
  const file = formatMisbehaviour({ older, newer });
  expect(parseMisbehaviour(file).older).toEqual(older);
  const policy = { witnesses: [cosignatureVerifier(witness.key)] };
  expect(verifyMisbehaviour(file, log.verifier, policy).older.cosignatures).toHaveLength(1);
  expectError(VerificationError, "cosignatures_too_few", () =>
    verifyMisbehaviour(file, log.verifier, { ...policy, quorum: (cosigned) => cosigned.size >= 1 }),
  );
});

test("an honest log is convicted by no change of any bit, hash or checkpoint", async () => {
  const tries: Uint8Array[] = [];
  for (const [m, n] of [
    [6, 6],
    [4, 9],
    [7, 13],
    [8, 20],
  ] as const) {
    const honest = expectedProof(await note(log, m), m, await note(log, n), n, log);
    const file = formatMisbehaviour(honest);
    for (let bit = 0; bit < file.length * 8; bit++) tries.push(flipBit(file, bit));
    const { prefix } = honest;
    if (!prefix) continue;
    for (const root of log.roots) tries.push(formatMisbehaviour({ ...honest, prefix: { ...prefix, root } }));
    for (const root of [emptyRoot(), ...leaves(log, n), ...leaves(fork, n)]) {
      tries.push(formatMisbehaviour({ ...honest, prefix: { ...prefix, root } }));
      for (const proof of [[], [root], [root, ...prefix.proof], [...prefix.proof, root]]) {
        tries.push(formatMisbehaviour({ ...honest, prefix: { root, proof } }));
      }
    }
    // The proof of another history, and of other sizes.
    const foreign = consistencyProof(m, leaves(fork, n), nativeHasher);
    tries.push(formatMisbehaviour({ ...honest, prefix: { root: fork.roots[m]!, proof: foreign } }));
    for (let other = 1; other < n; other++) {
      const proof = consistencyProof(other, leaves(log, n), nativeHasher);
      tries.push(formatMisbehaviour({ ...honest, prefix: { root: log.roots[other]!, proof } }));
    }
  }
  for (const file of tries) expect(() => verify(file)).toThrow(SteleError);
});

test("a changed proof is refused, or still proves the same", async () => {
  const file = formatMisbehaviour(expectedProof(await note(log, 7), 7, await note(fork, 13), 13, fork));
  for (let bit = 0; bit < file.length * 8; bit++) {
    expect(() => verify(flipBit(file, bit)), String(bit)).toThrow(SteleError);
  }
  const parsed = parseMisbehaviour(file);
  const strange = { name: "somebody", keyId: 1, signature: Uint8Array.of(1) };
  const { text, signatures } = parseNote(parsed.older);
  const more = formatMisbehaviour({ ...parsed, older: formatNote(text, [...signatures, strange]) });
  expect(verify(more).newer.treeSize).toBe(13);
});

test("rejects what is not in the form", async () => {
  const text = decodeUtf8(
    formatMisbehaviour(expectedProof(await note(log, 7), 7, await note(fork, 13), 13, fork)),
  );
  const same = decodeUtf8(formatMisbehaviour({ older: await note(log, 9), newer: await note(fork, 9) }));
  const hash = text.split("\n")[2]!;
  const cases: [string, string][] = [
    ["", "misbehaviour_malformed"],
    [text.replace("v1", "v2"), "misbehaviour_malformed"],
    [`\n${text}`, "misbehaviour_malformed"],
    [`${text}\n`, "misbehaviour_malformed"],
    [text.slice(0, -1), "note_malformed"],
    [text.replace("\n\n", "\n"), "misbehaviour_malformed"],
    [text.replace("prefix ", "Prefix "), "misbehaviour_malformed"],
    [text.replace("prefix ", "prefix  "), "base64_malformed"],
    [text.replace(/prefix .*\n/, ""), "misbehaviour_malformed"],
    [text.replace(/prefix [^]*?\n\n/, "\n"), "misbehaviour_malformed"],
    [text.replace(`${hash}\n`, `${hash}\n`.repeat(64)), "misbehaviour_malformed"],
    [text.replace(hash, "AAAA"), "hash_malformed"],
    [text.replace("\n7\n", "\n07\n"), "decimal_malformed"],
    [text.replace("\n7\n", "\n14\n"), "misbehaviour_malformed"],
    [text.replace("\n7\n", "\n13\n"), "misbehaviour_malformed"],
    [text.replaceAll("\n", "\r\n"), "misbehaviour_malformed"],
    [same.replace("v1\n", `v1\nprefix ${hash}\n`), "misbehaviour_malformed"],
    [same.replace("\n9\n", "\n8\n"), "misbehaviour_malformed"],
  ];
  for (const [wrong, code] of cases) {
    let thrown: unknown;
    try {
      parseMisbehaviour(encodeUtf8(wrong));
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof MalformedError && thrown.code, wrong).toBe(code);
  }
  expectError(MalformedError, "misbehaviour_malformed", () => parseMisbehaviour(new Uint8Array(3 << 20)));
});

test("what is random proves nothing against any honest history", async () => {
  const size = fc.integer({ min: 0, max: SIZES });
  const hash = fc.oneof(
    fc.constantFrom(...log.roots, ...leaves(log, SIZES), ...leaves(fork, SIZES)),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  );
  await fc.assert(
    fc.asyncProperty(size, size, hash, fc.array(hash, { maxLength: 6 }), async (a, b, root, proof) => {
      const [m, n] = [Math.min(a, b), Math.max(a, b)];
      const [older, newer] = [await note(log, m), await note(log, n)];
      const file = formatMisbehaviour({ older, newer, ...(m < n && { prefix: { root, proof } }) });
      provesNothing(file);
    }),
    { numRuns: 300 },
  );
});

test("does not take hashes that are not of the newer tree", async () => {
  const [older, newer] = [await log.checkpoint(7), await fork.checkpoint(13)];
  await expect(findMisbehaviour(older, newer, log.readHashes)).rejects.toMatchObject({
    code: "consistency_not_proven",
  });
  await expect(findMisbehaviour(newer, older, log.readHashes)).rejects.toMatchObject({
    code: "integer_out_of_range",
  });
});
