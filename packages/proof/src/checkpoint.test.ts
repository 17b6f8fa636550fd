import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import artefacts from "../vectors/artefacts.json" with { type: "json" };
import { formatCheckpoint, parseCheckpoint, verifyCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { cosignatureVerifier } from "./cosignature.ts";
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { emptyRoot } from "./hasher.ts";
import { formatNote, noteVerifier, parseNote, signNote } from "./note.ts";
import { hex } from "./testing/bytes.ts";
import { expectError } from "./testing/expect-error.ts";
import { ORIGIN, testSigner, testWitness } from "./testing/test-log.ts";
import { encodeUtf8 } from "./utf8.ts";

const ROOT64 = "yjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=";
const signer = testSigner(ORIGIN, 1);
const log = noteVerifier(signer.key);
const sign = async (text: string, by = [signer]) => await signNote(text, by);
const signed = await sign(`${ORIGIN}\n300\n${ROOT64}\n`);

describe("note text", () => {
  test("the example of c2sp.org/tlog-checkpoint", () => {
    const text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const checkpoint = parseCheckpoint(text);
    expect(checkpoint).toMatchObject({
      origin: "example.com/behind-the-sofa",
      treeSize: 20852163,
      extensions: [],
    });
    expect(formatCheckpoint(checkpoint)).toBe(text);
  });

  test("extension lines are kept", () => {
    const text = `${ORIGIN}\n0\n${ROOT64}\none\n two \n`;
    expect(parseCheckpoint(text).extensions).toEqual(["one", " two "]);
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  test("survives both ways", () => {
    const line = fc.string({ unit: fc.constantFrom("a", " ", "+", "日", "/"), minLength: 1, maxLength: 10 });
    const checkpoint = fc.record({
      origin: line,
      treeSize: fc.maxSafeNat(),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(checkpoint, (value) => {
        expect(parseCheckpoint(formatCheckpoint(value))).toEqual(value);
      }),
    );
  });

  test("rejects what is not in the form", () => {
    const good = [ORIGIN, "300", ROOT64];
    const [origin, size, root] = good;
    const cases: [string, string][] = [
      ["", "checkpoint_malformed"],
      ["\n", "checkpoint_malformed"],
      [good.join("\n"), "checkpoint_malformed"],
      [`${origin}\n${size}\n`, "checkpoint_malformed"],
      [`\n${size}\n${root}\n`, "checkpoint_malformed"],
      [`${good.join("\n")}\n\n`, "checkpoint_malformed"],
      [`${good.join("\n")}\n\next\n`, "checkpoint_malformed"],
      [`${origin}\n${size}\n${ROOT64.slice(4)}\n`, "checkpoint_malformed"],
      [`${origin}\n${size}\n${ROOT64}\r\n`, "base64_malformed"],
      [`${origin}\n${size}\n${ROOT64.replace("g=", "h=")}\n`, "base64_malformed"],
      [`${origin}\n${size}\n${ROOT64.slice(0, -1)}\n`, "base64_malformed"],
      ...["", "-1", "+1", "0300", "3e2", " 300", "300 ", "0x1", "9007199254740992"].map(
        (bad): [string, string] => [
          `${origin}\n${bad}\n${root}\n`,
          bad === "" ? "checkpoint_malformed" : "decimal_malformed",
        ],
      ),
    ];
    for (const [text, code] of cases) {
      let thrown: unknown;
      try {
        parseCheckpoint(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, text).toBeInstanceOf(MalformedError);
      expect(thrown instanceof SteleError && thrown.code, text).toBe(code);
    }
  });

  test("does not format what it would not parse", () => {
    const good: Checkpoint = { origin: "o", treeSize: 1, root: emptyRoot(), extensions: [] };
    for (const wrong of [{ origin: "" }, { origin: "a\nb" }, { extensions: [""] }, { extensions: ["a\n"] }]) {
      expectError(MalformedError, "checkpoint_malformed", () => formatCheckpoint({ ...good, ...wrong }));
    }
    expectError(MalformedError, "integer_out_of_range", () =>
      formatCheckpoint({ ...good, treeSize: 2 ** 53 }),
    );
    expectError(MalformedError, "hash_malformed", () =>
      formatCheckpoint({ ...good, root: new Uint8Array(20) }),
    );
  });
});

describe("signature and origin", () => {
  test("a checkpoint signed by its log", () => {
    const checkpoint = verifyCheckpoint(signed, log);
    expect(checkpoint).toMatchObject({ origin: ORIGIN, treeSize: 300, extensions: [], cosignatures: [] });
    expect(hex([checkpoint.root])).toBe(artefacts.root);
    expect(formatNote(checkpoint.note.text, checkpoint.note.signatures)).toEqual(signed);
  });

  test("each changed byte is found", () => {
    for (let at = 0; at < signed.length; at++) {
      let thrown: unknown;
      try {
        verifyCheckpoint(signed.with(at, signed[at]! ^ 1), log);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(SteleError);
    }
  });

  test("the name of the key must be the origin, unless the policy names an origin", async () => {
    const other = await sign(`other.example/log\n300\n${ROOT64}\n`);
    const error = expectError(VerificationError, "checkpoint_origin_wrong", () =>
      verifyCheckpoint(other, log),
    );
    expect(error.evidence["checkpoint"]).toMatchObject({ origin: "other.example/log" });
    expect(verifyCheckpoint(other, log, { origin: "other.example/log" }).origin).toBe("other.example/log");
    for (const origin of [ORIGIN, "", "other.example/lo", "other.example/log2"]) {
      expectError(VerificationError, "checkpoint_origin_wrong", () =>
        verifyCheckpoint(other, log, { origin }),
      );
    }
  });

  test("with two keys of a log, either may have signed", async () => {
    const next = testSigner(ORIGIN, 5);
    const both = [log, noteVerifier(next.key)];
    const byNext = await sign(`${ORIGIN}\n300\n${ROOT64}\n`, [next]);
    expect(verifyCheckpoint(signed, both).treeSize).toBe(300);
    expect(verifyCheckpoint(byNext, both).treeSize).toBe(300);
    expectError(VerificationError, "note_not_signed", () => verifyCheckpoint(byNext, log));
    expectError(VerificationError, "note_not_signed", () => verifyCheckpoint(signed, []));
  });

  test("a key with the origin's name vouches for it, even beside one with another name", async () => {
    const other = testSigner("other.example/log", 6);
    const text = `${ORIGIN}\n300\n${ROOT64}\n`;
    const keys = [noteVerifier(other.key), log];
    expect(verifyCheckpoint(await sign(text, [other, signer]), keys).origin).toBe(ORIGIN);
    const byOther = await sign(text, [other]);
    expectError(VerificationError, "checkpoint_origin_wrong", () => verifyCheckpoint(byOther, keys));
  });

  test("the empty tree has one root", async () => {
    const empty = formatCheckpoint({ origin: ORIGIN, treeSize: 0, root: emptyRoot() });
    expect(verifyCheckpoint(await sign(empty), log).treeSize).toBe(0);
    const wrong = await sign(`${ORIGIN}\n0\n${ROOT64}\n`);
    expectError(VerificationError, "checkpoint_root_wrong", () => verifyCheckpoint(wrong, log));
  });

  test("a signed note that is no checkpoint is malformed", async () => {
    const note = await sign("hello\n");
    expectError(MalformedError, "checkpoint_malformed", () => verifyCheckpoint(note, log));
  });
});

const atLeast = (count: number) => (cosigned: ReadonlySet<unknown>) => cosigned.size >= count;

describe("witnesses", () => {
  const one = testWitness("witness.example/one", 2);
  const two = testWitness("witness.example/two", 3);
  const three = testWitness("witness.example/three", 4);
  const witnesses = [one, two].map(({ key }) => cosignatureVerifier(key));

  test("golden cosignatures", () => {
    const known = artefacts.witnessKeys.map((key) => cosignatureVerifier(key));
    const bytes = encodeUtf8(artefacts.cosignedCheckpoint);
    const checkpoint = verifyCheckpoint(bytes, noteVerifier(artefacts.logKey), {
      witnesses: known,
      quorum: atLeast(2),
    });
    expect(checkpoint.cosignatures.map((c) => c.timestampSeconds)).toEqual(artefacts.cosignatureTimes);
    expect(checkpoint.cosignatures.map((c) => c.name)).toEqual([
      "witness.example/one",
      "witness.example/two",
    ]);
  });

  test("counts known witnesses, each once, with its latest time", async () => {
    const bytes = await one.cosign(await one.cosign(await three.cosign(signed, 50), 200), 100);
    const { cosignatures } = verifyCheckpoint(bytes, log, { witnesses, quorum: atLeast(1) });
    expect(cosignatures).toEqual([
      { name: "witness.example/one", keyId: one.key.keyId, timestampSeconds: 200 },
    ]);
    expectError(VerificationError, "cosignatures_too_few", () =>
      verifyCheckpoint(bytes, log, { witnesses, quorum: atLeast(2) }),
    );
    expect(
      verifyCheckpoint(await two.cosign(bytes, 7), log, { witnesses, quorum: atLeast(2) }).treeSize,
    ).toBe(300);
  });

  test("a witness is not a log", async () => {
    const { text, signatures } = parseNote(await one.cosign(signed, 100));
    const withoutLog = formatNote(text, signatures.slice(1));
    expectError(VerificationError, "note_not_signed", () => verifyCheckpoint(withoutLog, log, { witnesses }));
  });

  test("a wrong cosignature by a known witness rejects, by an unknown one does not", async () => {
    const other = await sign(`${ORIGIN}\n301\n${ROOT64}\n`);
    const [, stolen] = parseNote(await one.cosign(other, 100)).signatures;
    const { text, signatures } = parseNote(signed);
    const bytes = formatNote(text, [...signatures, stolen!]);
    expectError(VerificationError, "note_signature_wrong", () => verifyCheckpoint(bytes, log, { witnesses }));
    expect(verifyCheckpoint(bytes, log).treeSize).toBe(300);
  });

  test("one public key can't count for two witnesses", () => {
    const alias = cosignatureVerifier(testWitness("witness.example/alias", 2).key);
    expectError(MalformedError, "key_duplicate", () =>
      verifyCheckpoint(signed, log, { witnesses: [...witnesses, alias] }),
    );
    expectError(MalformedError, "key_malformed", () => verifyCheckpoint(signed, log, { witnesses: [log] }));
  });
});
