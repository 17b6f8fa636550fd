import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  ADD_CHECKPOINT_LENGTH_BYTES_MAX,
  formatAddCheckpoint,
  parseAddCheckpoint,
  type AddCheckpointRequest,
} from "./add-checkpoint.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { proveConsistency, verifyConsistency } from "./consistency.ts";
import { MalformedError, SteleError } from "./errors.ts";
import { formatNote, parseNote } from "./note.ts";
import { expectError } from "./testing/expect-error.ts";
import { TestLog } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** The example of c2sp.org/tlog-witness. */
const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
const log = new TestLog(40);

test("the example of the specification, both ways", () => {
  const request = parseAddCheckpoint(encodeUtf8(EXAMPLE));
  expect([request.oldTreeSize, request.proof.length]).toEqual([20852014, 4]);
  const note = parseNote(request.checkpoint);
  expect([parseCheckpoint(note.text).treeSize, note.signatures.length]).toEqual([20852163, 2]);
  expect(decodeUtf8(formatAddCheckpoint(request))).toBe(EXAMPLE);
});

test("every pair of sizes of a log comes through, and its proof verifies behind it", async () => {
  for (let treeSize = 0; treeSize <= log.treeSize; treeSize++) {
    const checkpoint = await log.signedCheckpoint(treeSize);
    for (let oldTreeSize = 0; oldTreeSize <= treeSize; oldTreeSize++) {
      const proof = await proveConsistency(oldTreeSize, treeSize, log.readHashes);
      const request = { oldTreeSize, proof, checkpoint };
      const parsed = parseAddCheckpoint(formatAddCheckpoint(request));
      expect(parsed).toEqual(request);
      const head = parseCheckpoint(parseNote(parsed.checkpoint).text);
      verifyConsistency(parsed.proof, { treeSize: oldTreeSize, root: log.roots[oldTreeSize]! }, head);
    }
  }
});

test("any request survives both ways", async () => {
  const checkpoint = await log.signedCheckpoint();
  const requests = fc.record<AddCheckpointRequest>({
    oldTreeSize: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    proof: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
    checkpoint: fc.constant(checkpoint),
  });
  fc.assert(
    fc.property(requests, (request) => {
      expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual(request);
    }),
  );
});

test("rejects what is not in the form", () => {
  const [hash] = EXAMPLE.split("\n").slice(1);
  const cases: [string, string][] = [
    ["", "add_checkpoint_malformed"],
    [`\n${EXAMPLE}`, "add_checkpoint_malformed"],
    [`\n\n${EXAMPLE}`, "add_checkpoint_malformed"],
    [EXAMPLE.replace("old ", "Old "), "add_checkpoint_malformed"],
    [EXAMPLE.replace("old ", "old\t"), "add_checkpoint_malformed"],
    [EXAMPLE.replace("old ", "old  "), "decimal_malformed"],
    [EXAMPLE.replace("old 2", "old 02"), "decimal_malformed"],
    [EXAMPLE.replace("old 2", "old +2"), "decimal_malformed"],
    [EXAMPLE.replace("old 2", "old -2"), "decimal_malformed"],
    [EXAMPLE.replace("old 20852014", "old 9007199254740992"), "decimal_malformed"],
    [EXAMPLE.replace("old 20852014", "old 20852014 "), "decimal_malformed"],
    [EXAMPLE.replace("old 20852014", "old "), "decimal_malformed"],
    [EXAMPLE.replace(hash!, hash!.slice(0, -1)), "base64_malformed"],
    [EXAMPLE.replace(hash!, hash!.replace("w=", "x=")), "base64_malformed"],
    [EXAMPLE.replace(hash!, ` ${hash}`), "base64_malformed"],
    [EXAMPLE.replace(hash!, `${hash}${hash}`), "base64_malformed"],
    [EXAMPLE.replace(hash!, "AAAA"), "hash_malformed"],
    [EXAMPLE.replace(`${hash}\n`, `${hash}\n`.repeat(61)), "add_checkpoint_malformed"],
    [EXAMPLE.replace("\n\n", "\n"), "base64_malformed"],
    [EXAMPLE.replace("\n\n", "\n\n\n"), "checkpoint_malformed"],
    [EXAMPLE.replace("\n20852163\n", "\n020852163\n"), "decimal_malformed"],
    [EXAMPLE.replaceAll("\n", "\r\n"), "add_checkpoint_malformed"],
    [EXAMPLE.slice(0, EXAMPLE.indexOf("\n\n") + 2), "note_malformed"],
    [EXAMPLE.slice(0, EXAMPLE.indexOf("— ")), "note_malformed"],
    [EXAMPLE.slice(0, -1), "note_malformed"],
    [`${EXAMPLE}\n`, "note_malformed"],
  ];
  for (const [wrong, code] of cases) {
    let thrown: unknown;
    try {
      parseAddCheckpoint(encodeUtf8(wrong));
    } catch (error) {
      thrown = error;
    }
    expect(thrown, wrong).toBeInstanceOf(MalformedError);
    expect(thrown instanceof SteleError && thrown.code, wrong).toBe(code);
  }
  const long = new Uint8Array(ADD_CHECKPOINT_LENGTH_BYTES_MAX + 1);
  expectError(MalformedError, "add_checkpoint_malformed", () => parseAddCheckpoint(long));
  expectError(MalformedError, "utf8_malformed", () => parseAddCheckpoint(Uint8Array.of(0xff)));
});

test("what parse accepts, format gives back byte for byte", () => {
  const example = encodeUtf8(EXAMPLE);
  const damage = fc.tuple(
    fc.nat({ max: example.length - 1 }),
    fc.constantFrom(0x00, 0x0a, 0x20, 0x2b, 0x30, 0x3d, 0x41, 0x7f, 0xff),
  );
  fc.assert(
    fc.property(
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      fc.option(fc.nat({ max: example.length })),
      (damages, cut) => {
        const bytes = new Uint8Array(example);
        for (const [at, byte] of damages) bytes[at] = byte;
        const given = bytes.slice(0, cut ?? bytes.length);
        let parsed: AddCheckpointRequest;
        try {
          parsed = parseAddCheckpoint(given);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
          return;
        }
        expect(formatAddCheckpoint(parsed)).toEqual(given);
      },
    ),
    { numRuns: 1000 },
  );
});

test("any bytes at all give a request or our own error", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string().map(encode)), (bytes) => {
      try {
        parseAddCheckpoint(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }),
  );
});

test("does not format what it would not parse", () => {
  const good = parseAddCheckpoint(encodeUtf8(EXAMPLE));
  const format = (change: Partial<AddCheckpointRequest>) => () => formatAddCheckpoint({ ...good, ...change });
  expectError(MalformedError, "integer_out_of_range", format({ oldTreeSize: -1 }));
  expectError(MalformedError, "integer_out_of_range", format({ oldTreeSize: 2 ** 53 }));
  expectError(MalformedError, "hash_malformed", format({ proof: [Uint8Array.of(1)] }));
  const many = Array.from({ length: 64 }, () => good.proof[0]!);
  expectError(MalformedError, "add_checkpoint_malformed", format({ proof: many }));
  expectError(MalformedError, "note_malformed", format({ checkpoint: encodeUtf8("x\n") }));
  const { text, signatures } = parseNote(good.checkpoint);
  const long = formatNote(text, [{ ...signatures[0]!, signature: new Uint8Array(100_000) }]);
  expectError(MalformedError, "add_checkpoint_malformed", format({ checkpoint: long }));
});

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
