import * as fc from "fast-check";
import { expect, test } from "vitest";
import artefacts from "../vectors/artefacts.json" with { type: "json" };
import { formatCompactRange, parseCompactRange } from "./compact-range.ts";
import { cosignatureVerifier } from "./cosignature.ts";
import { formatEntryBundle, parseEntryBundle } from "./entry-bundle.ts";
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { leafHash } from "./hasher.ts";
import { proveInclusion } from "./inclusion.ts";
import { noteVerifier } from "./note.ts";
import { hex } from "./testing/bytes.ts";
import { expectError } from "./testing/expect-error.ts";
import { TestLog } from "./testing/test-log.ts";
import { formatTlogProof, parseTlogProof, verifyTlogProof, type TlogProof } from "./tlog-proof.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const golden = encodeUtf8(artefacts.tlogProof);
const goldenLeaf = leafHash(encodeUtf8(artefacts.tlogProofEntry));
const goldenLog = noteVerifier(artefacts.logKey);
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

test("the golden proof verifies, with its witnesses", () => {
  const witnesses = artefacts.witnessKeys.map((key) => cosignatureVerifier(key));
  const verified = verifyTlogProof(golden, goldenLeaf, goldenLog, {
    witnesses,
    quorum: ({ size }) => size === 2,
  });
  expect(verified).toMatchObject({ leafIndex: 123, leafHash: goldenLeaf });
  expect(verified.checkpoint).toMatchObject({ treeSize: 300, origin: "log.example/test" });
  expect(verified.checkpoint.cosignatures).toHaveLength(2);
});

test("the other golden artefacts are still read, and written the same", () => {
  expect(formatTlogProof(parseTlogProof(golden))).toEqual(golden);
  const range = parseCompactRange(unhex(artefacts.compactRange));
  expect([range.end, hex([range.root()])]).toEqual([artefacts.treeSize, artefacts.root]);
  expect(hex([formatCompactRange(range)])).toBe(artefacts.compactRange);
  const entries = parseEntryBundle(unhex(artefacts.bundle), 3);
  expect(entries.map(decodeUtf8)).toEqual(["entry 0", "", "entry 2"]);
  expect(hex([formatEntryBundle(entries)])).toBe(artefacts.bundle);
  const { path, bytes } = artefacts.partialTile;
  expect(hex([new TestLog(artefacts.treeSize).resources().get(path)!])).toBe(bytes);
});

test("every leaf of some trees", async () => {
  const log = new TestLog(20);
  for (const treeSize of [1, 2, 3, 7, 8, 20]) {
    const checkpoint = await log.signedCheckpoint(treeSize);
    for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
      const proof = await proveInclusion(leafIndex, treeSize, log.readHashes);
      const file = formatTlogProof({ leafIndex, proof, checkpoint });
      expect(parseTlogProof(file)).toEqual({ leafIndex, proof, checkpoint });
      expect(verifyTlogProof(file, log.hash(0, leafIndex), log.verifier).leafIndex).toBe(leafIndex);
      if (treeSize > 1) {
        const other = log.hash(0, (leafIndex + 1) % treeSize);
        expectError(VerificationError, "inclusion_not_proven", () =>
          verifyTlogProof(file, other, log.verifier),
        );
      }
    }
  }
});

test("each changed byte is found, except in the extra data", () => {
  const extra = [artefacts.tlogProof.indexOf("extra "), artefacts.tlogProof.indexOf("\nindex")];
  const end = encodeUtf8(artefacts.tlogProof.split("— witness")[0]!).length;
  for (let at = 0; at < end; at++) {
    if (at >= extra[0]! && at < extra[1]!) continue;
    let thrown: unknown;
    try {
      verifyTlogProof(golden.with(at, golden[at]! ^ 1), goldenLeaf, goldenLog);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, String(at)).toBeInstanceOf(SteleError);
  }
});

test("rejects what is not in the form", () => {
  const text = artefacts.tlogProof;
  const [hash] = text.split("\n").slice(3);
  const cases: [string, string][] = [
    ["", "tlog_proof_malformed"],
    [text.replace("@v1", "@v2"), "tlog_proof_malformed"],
    [`\n${text}`, "tlog_proof_malformed"],
    [text.replace("\n\n", "\n"), "base64_malformed"],
    [text.slice(0, text.indexOf("\n\n") + 1), "tlog_proof_malformed"],
    [text.replace(/index.*\n/, ""), "tlog_proof_malformed"],
    [text.replace("index 123", "index: 123"), "tlog_proof_malformed"],
    [text.replace("index 123", "index 0123"), "decimal_malformed"],
    [text.replace("index 123", "index  123"), "decimal_malformed"],
    [text.replace("index 123", "index -1"), "decimal_malformed"],
    [text.replace("index 123", "index 9007199254740992"), "decimal_malformed"],
    [text.replace(/(extra.*\n)(index.*\n)/, "$2$1"), "base64_malformed"],
    [text.replace(/(extra.*\n)/, "$1$1"), "tlog_proof_malformed"],
    [text.replace("extra ", "Extra "), "tlog_proof_malformed"],
    [text.replace(/extra .*/, "extra a"), "base64_malformed"],
    [text.replace(hash!, hash!.slice(0, -1)), "base64_malformed"],
    [text.replace(hash!, "AAAA"), "hash_malformed"],
    [text.replace(hash!, ` ${hash}`), "base64_malformed"],
    [text.replace(`${hash}\n`, `${hash}\n`.repeat(60)), "tlog_proof_malformed"],
    [text.replaceAll("\n", "\r\n"), "tlog_proof_malformed"],
    [text.slice(0, text.indexOf("— ")), "note_malformed"],
    [text.slice(0, -1), "note_malformed"],
  ];
  for (const [wrong, code] of cases) {
    let thrown: unknown;
    try {
      parseTlogProof(encodeUtf8(wrong));
    } catch (error) {
      thrown = error;
    }
    expect(thrown, wrong).toBeInstanceOf(MalformedError);
    expect(thrown instanceof SteleError && thrown.code, wrong).toBe(code);
  }
  expectError(MalformedError, "tlog_proof_malformed", () => parseTlogProof(new Uint8Array(4 << 20)));
  expectError(MalformedError, "utf8_malformed", () => parseTlogProof(Uint8Array.of(0xff)));
});

test("a proof that is too long or too short for its tree", () => {
  const lines = artefacts.tlogProof.split("\n");
  for (const changed of [lines.toSpliced(4, 1), lines.toSpliced(4, 0, lines[4]!)]) {
    const file = encodeUtf8(changed.join("\n"));
    expectError(VerificationError, "inclusion_not_proven", () =>
      verifyTlogProof(file, goldenLeaf, goldenLog),
    );
  }
  const outside = encodeUtf8(artefacts.tlogProof.replace("index 123", "index 300"));
  expectError(MalformedError, "integer_out_of_range", () => verifyTlogProof(outside, goldenLeaf, goldenLog));
});

test("what parseTlogProof accepts, formatTlogProof gives back byte for byte", () => {
  const damage = fc.tuple(fc.nat({ max: 2000 }), fc.constantFrom(0x0a, 0x20, 0x2b, 0x30, 0x3d, 0x41, 0xff));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 2 }), (damages) => {
      const bytes = new Uint8Array(golden);
      for (const [at, byte] of damages) bytes[at % bytes.length] = byte;
      let parsed: TlogProof;
      try {
        parsed = parseTlogProof(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
        return;
      }
      expect(formatTlogProof(parsed)).toEqual(bytes);
    }),
    { numRuns: 500 },
  );
});

test("does not format what it would not parse", () => {
  const good = parseTlogProof(golden);
  expectError(MalformedError, "integer_out_of_range", () => formatTlogProof({ ...good, leafIndex: -1 }));
  expectError(MalformedError, "hash_malformed", () =>
    formatTlogProof({ ...good, proof: [Uint8Array.of(1)] }),
  );
  const many = Array.from({ length: 64 }, () => goldenLeaf);
  expectError(MalformedError, "tlog_proof_malformed", () => formatTlogProof({ ...good, proof: many }));
  const extra = new Uint8Array((1 << 20) + 1);
  expectError(MalformedError, "tlog_proof_malformed", () => formatTlogProof({ ...good, extra }));
  expectError(MalformedError, "note_malformed", () =>
    formatTlogProof({ ...good, checkpoint: encodeUtf8("x\n") }),
  );
  expect(parseTlogProof(formatTlogProof({ ...good, extra: new Uint8Array(0) })).extra).toEqual(
    new Uint8Array(0),
  );
});
