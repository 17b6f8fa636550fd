import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../vectors/keys.json" with { type: "json" };
import { formatCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { emptyRoot } from "./hasher.ts";
import { formatNote, parseNote, signNote, type NoteSigner } from "./note.ts";
import {
  extendsStatements,
  followSuccession,
  formatKeyStatement,
  maySign,
  newestKey,
  parseKeyStatement,
  signKeyStatement,
  type KeyStatement,
} from "./succession.ts";
import { expectError } from "./testing/expect-error.ts";
import { ORIGIN, testSigner } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import { formatVerifierKey } from "./verifier-key.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const signers = Array.from({ length: 6 }, (_, i) => testSigner(ORIGIN, i + 1));
const vkeys = signers.map(({ key }) => formatVerifierKey(key));

const succession = (before: number, after: number, treeSize: number): KeyStatement => ({
  kind: "succession",
  origin: ORIGIN,
  before: vkeys[before]!,
  after: vkeys[after]!,
  treeSize,
});
const retirement = (key: number, treeSize: number): KeyStatement => ({
  kind: "retirement",
  origin: ORIGIN,
  vkey: vkeys[key]!,
  treeSize,
});
const succeed = async (before: number, after: number, treeSize: number) =>
  await signKeyStatement(succession(before, after, treeSize), [signers[before]!, signers[after]!]);
const retire = async (key: number, treeSize: number, by: number) =>
  await signKeyStatement(retirement(key, treeSize), [signers[by]!]);
const checkpoint = async (treeSize: number, by: readonly number[], root = emptyRoot()) =>
  await signNote(
    formatCheckpoint({ origin: ORIGIN, treeSize, root }),
    by.map((i) => signers[i]!),
  );

describe("statements", () => {
  test("survive both ways", () => {
    const statement = fc.oneof(
      fc.maxSafeNat().map((size) => succession(0, 1, size)),
      fc.maxSafeNat().map((size) => retirement(2, size)),
    );
    fc.assert(
      fc.property(statement, (value) => {
        expect(parseKeyStatement(formatKeyStatement(value))).toEqual(value);
      }),
    );
  });

  test("have the form of docs/spec/keys.md", () => {
    expect(formatKeyStatement(succession(0, 1, 7))).toBe(
      `stele.succession/v1\n${ORIGIN}\n${vkeys[0]}\n${vkeys[1]}\n7\n`,
    );
    expect(formatKeyStatement(retirement(0, 9))).toBe(`stele.retirement/v1\n${ORIGIN}\n${vkeys[0]}\n9\n`);
  });

  test("that are not of the form are refused with an error of ours", () => {
    const good = formatKeyStatement(succession(0, 1, 7));
    for (const text of [
      "",
      good.slice(0, -1),
      `${good}\n`,
      good.replace("\n7\n", "\n07\n"),
      good.replace("v1", "v2"),
      good.replace(`${vkeys[1]}\n`, ""),
      good.replace(vkeys[1]!, formatVerifierKey(testSigner("other.example/log", 2).key)),
      good.replace(ORIGIN, "other.example/log"),
    ]) {
      expect(() => parseKeyStatement(text)).toThrow(MalformedError);
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(() => parseKeyStatement(text)).toThrow(MalformedError);
      }),
    );
  });
});

describe("the keys that follow", () => {
  test("without statements there is the one, for every size", () => {
    const keys = followSuccession(vkeys[0]!);
    expect(keys).toMatchObject({ origin: ORIGIN, statements: [] });
    expect(keys.keys).toMatchObject([{ vkey: vkeys[0], fromSize: 0, toSize: MAX }]);
  });

  test("each key signs above the size of its succession, and up to that of its retirement", async () => {
    const statements = [await succeed(0, 1, 10), await retire(0, 12, 1), await succeed(1, 2, 12)];
    for (const trusted of [vkeys[0]!, vkeys[1]!, vkeys[2]!, vkeys.slice(0, 3)]) {
      const keys = followSuccession(trusted, statements);
      expect(keys.keys.map(({ vkey, fromSize, toSize }) => [vkey, fromSize, toSize])).toEqual([
        [vkeys[0], 0, 12],
        [vkeys[1], 11, MAX],
        [vkeys[2], 13, MAX],
      ]);
      expect(newestKey(keys).vkey).toBe(vkeys[2]);
      expect(keys.statements).toEqual(statements);
    }
  });

  test("of an empty log the new key signs the empty tree as well", async () => {
    const keys = followSuccession(vkeys[0]!, [await succeed(0, 1, 0), await retire(0, 0, 1)]);
    expect(verifyCheckpoint(await checkpoint(0, [1]), keys).treeSize).toBe(0);
    expect(verifyCheckpoint(await checkpoint(0, [0]), keys).treeSize).toBe(0);
    const later = followSuccession(vkeys[0]!, [await succeed(0, 1, 3)]);
    const empty = await checkpoint(0, [1]);
    expectError(VerificationError, "key_not_valid_for_size", () => verifyCheckpoint(empty, later));
  });

  test("a key that was replaced at once signs nothing, if it is retired there", async () => {
    const statements = [await succeed(0, 1, 5), await succeed(1, 2, 5), await retire(1, 5, 2)];
    const [, second, third] = followSuccession(vkeys[0]!, statements).keys;
    expect([4, 5, 6].filter((size) => maySign(second!, size))).toEqual([]);
    expect([4, 5, 6].filter((size) => maySign(third!, size))).toEqual([6]);
  });

  test("a trusted key must be one of them", async () => {
    const statements = [await succeed(0, 1, 5)];
    for (const trusted of [vkeys[3]!, [vkeys[0]!, vkeys[3]!]]) {
      expectError(VerificationError, "key_not_in_succession", () => followSuccession(trusted, statements));
    }
    expectError(VerificationError, "key_not_in_succession", () => followSuccession([vkeys[0]!, vkeys[1]!]));
    expectError(MalformedError, "succession_malformed", () => followSuccession([]));
  });

  const refused: readonly [string, () => Promise<Uint8Array[]>][] = [
    ["the second does not follow the newest", async () => [await succeed(0, 1, 5), await succeed(0, 2, 5)]],
    ["sizes decrease", async () => [await succeed(0, 1, 5), await succeed(1, 2, 4)]],
    ["a retirement below the succession", async () => [await succeed(0, 1, 5), await retire(0, 4, 1)]],
    ["a key comes back", async () => [await succeed(0, 1, 5), await succeed(1, 0, 5)]],
    ["a key succeeds itself", async () => [await succeed(0, 0, 5)]],
    ["the newest is retired", async () => [await succeed(0, 1, 5), await retire(1, 5, 1)]],
    ["the only one is retired", async () => [await retire(0, 5, 0)]],
    ["a stranger is retired", async () => [await succeed(0, 1, 5), await retire(3, 5, 1)]],
    [
      "one is retired twice",
      async () => [await succeed(0, 1, 5), await retire(0, 5, 1), await retire(0, 6, 1)],
    ],
    ["only the new key signed", async () => [await signKeyStatement(succession(0, 1, 5), [signers[1]!])]],
    ["only the old key signed", async () => [await signKeyStatement(succession(0, 1, 5), [signers[0]!])]],
    [
      "signed in another order",
      async () => [await signKeyStatement(succession(0, 1, 5), [signers[1]!, signers[0]!])],
    ],
    [
      "signed by one more",
      async () => [await signKeyStatement(succession(0, 1, 5), [signers[0]!, signers[1]!, signers[2]!])],
    ],
    [
      "signed twice by the old key",
      async () => [await signKeyStatement(succession(0, 1, 5), [signers[0]!, signers[0]!])],
    ],
  ];
  test.each(refused)("not if %s", async (_, make) => {
    const statements = await make();
    expectError(VerificationError, "succession_broken", () => followSuccession(vkeys[0]!, statements));
  });

  test("nor if a stolen older key retires, or succeeds", async () => {
    const chain = [await succeed(0, 1, 5), await succeed(1, 2, 5)];
    const retired = [...chain, await retire(0, 6, 1)];
    expectError(VerificationError, "note_not_signed", () => followSuccession(vkeys[0]!, retired));
    const forged = formatNote(formatKeyStatement(succession(2, 3, 6)), parseNote(chain[1]!).signatures);
    expect(() => followSuccession(vkeys[0]!, [...chain, forged])).toThrow(VerificationError);
  });

  test("nor of another log, whatever key signs", async () => {
    const [a, b] = [testSigner("other.example/log", 1), testSigner("other.example/log", 2)];
    const foreign = await signKeyStatement(
      {
        kind: "succession",
        origin: "other.example/log",
        before: formatVerifierKey(a.key),
        after: formatVerifierKey(b.key),
        treeSize: 1,
      },
      [a, b],
    );
    expectError(VerificationError, "succession_broken", () => followSuccession(vkeys[0]!, [foreign]));
  });

  test("a flipped bit in any byte of a statement is refused", async () => {
    const statements = [await succeed(0, 1, 10), await retire(0, 12, 1)];
    for (const [n, statement] of statements.entries()) {
      for (let at = 0; at < statement.length; at++) {
        const bytes = statement.slice();
        bytes[at]! ^= 1 << (at % 8);
        expect(() => followSuccession(vkeys[0]!, statements.with(n, bytes))).toThrow(SteleError);
      }
    }
  });

  test("statements that are left out, swapped or repeated are refused, unless they are the last", async () => {
    const all = [
      await succeed(0, 1, 10),
      await retire(0, 12, 1),
      await succeed(1, 2, 12),
      await succeed(2, 3, 20),
    ];
    for (let i = 0; i < all.length - 1; i++) {
      // The retirement alone can be held back: only one who has seen it before notices (`extendsStatements`).
      const rest = all.toSpliced(i, 1);
      if (i !== 1) expect(() => followSuccession(vkeys[0]!, rest)).toThrow(VerificationError);
      expect(extendsStatements(all, rest)).toBe(false);
      const swapped = all.with(i, all[i + 1]!).with(i + 1, all[i]!);
      if (i === 1) expect(extendsStatements(all, swapped)).toBe(false);
      else expect(() => followSuccession(vkeys[0]!, swapped)).toThrow(VerificationError);
      expect(() => followSuccession(vkeys[0]!, all.toSpliced(i, 0, all[i]!))).toThrow(VerificationError);
    }
    expect(extendsStatements(all.slice(0, 2), all)).toBe(true);
  });
});

/** The rules again, in the plainest form, from what was declared. */
class Model {
  readonly keys = [{ key: 0, above: -1, upTo: MAX }];
  readonly statements: Uint8Array[] = [];
  size = 0;

  async apply({ grow, retires }: { readonly grow: number; readonly retires: boolean }): Promise<void> {
    this.size += grow;
    const newest = this.keys.at(-1)!;
    const old = this.keys.find((each) => each !== newest && each.upTo === MAX);
    if (retires && old) {
      this.statements.push(await retire(old.key, this.size, newest.key));
      old.upTo = this.size;
    } else if (this.keys.length < signers.length) {
      this.statements.push(await succeed(newest.key, newest.key + 1, this.size));
      this.keys.push({ key: newest.key + 1, above: this.size === 0 ? -1 : this.size, upTo: MAX });
    }
  }
}

describe("a checkpoint counts", () => {
  test("exactly if a key signed it that may sign its size", async () => {
    const steps = fc.array(fc.record({ grow: fc.nat({ max: 3 }), retires: fc.boolean() }), { maxLength: 8 });
    const by = fc.uniqueArray(fc.nat({ max: signers.length - 1 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(steps, by, fc.nat({ max: 24 }), fc.nat({ max: 5 }), async (plan, who, treeSize, t) => {
        const model = new Model();
        for (const step of plan) await model.apply(step);
        const trusted = vkeys[model.keys[t % model.keys.length]!.key]!;
        const keys = followSuccession(trusted, model.statements);
        const may = model.keys.some(
          ({ key, above, upTo }) => who.includes(key) && treeSize > above && treeSize <= upTo,
        );
        const note = await checkpoint(treeSize, who);
        if (may) {
          expect(verifyCheckpoint(note, keys).treeSize).toBe(treeSize);
          return;
        }
        const known = who.some((key) => model.keys.some((each) => each.key === key));
        const code = known ? "key_not_valid_for_size" : "note_not_signed";
        expectError(VerificationError, code, () => verifyCheckpoint(note, keys));
      }),
      { numRuns: 60 },
    );
  });

  test("not if old entries were signed again with a newer key", async () => {
    const keys = followSuccession(vkeys[0]!, [await succeed(0, 1, 10)]);
    for (const [size, by] of [
      [10, [1]],
      [1, [1]],
    ] as const) {
      const note = await checkpoint(size, by);
      expectError(VerificationError, "key_not_valid_for_size", () => verifyCheckpoint(note, keys));
    }
    expect(verifyCheckpoint(await checkpoint(10, [0]), keys).treeSize).toBe(10);
    // The old one counts; what the new one says of that size is passed over.
    expect(verifyCheckpoint(await checkpoint(10, [0, 1]), keys).treeSize).toBe(10);
    expect(verifyCheckpoint(await checkpoint(11, [1]), keys).treeSize).toBe(11);
  });

  test("not if a retired key continued the log", async () => {
    const keys = followSuccession(vkeys[0]!, [await succeed(0, 1, 10), await retire(0, 12, 1)]);
    expect(verifyCheckpoint(await checkpoint(12, [0]), keys).treeSize).toBe(12);
    const late = await checkpoint(13, [0]);
    expectError(VerificationError, "key_not_valid_for_size", () => verifyCheckpoint(late, keys));
    expect(verifyCheckpoint(await checkpoint(13, [0, 1]), keys).treeSize).toBe(13);
  });

  test("not with a wrong signature of any of the keys, even of one that may not sign the size", async () => {
    const keys = followSuccession(vkeys[0]!, [await succeed(0, 1, 10)]);
    const note = await checkpoint(10, [0, 1]);
    const { text, signatures } = parseNote(note);
    const wrong = signatures.map((each, i) => (i === 1 ? { ...each, signature: new Uint8Array(64) } : each));
    const bytes = formatNote(text, wrong);
    expectError(VerificationError, "note_signature_wrong", () => verifyCheckpoint(bytes, keys));
  });

  test("and a signer of another name under the same key does not", async () => {
    const keys = followSuccession(vkeys[0]!, [await succeed(0, 1, 10)]);
    const other: NoteSigner = testSigner("other.example/log", 2);
    const text = decodeUtf8(await checkpoint(11, [1])).split("\n\n")[0]!;
    const note = await signNote(`${text}\n`, [other]);
    expectError(VerificationError, "note_not_signed", () => verifyCheckpoint(note, keys));
    expect(() => followSuccession(vkeys[0]!, [encodeUtf8("x")])).toThrow(MalformedError);
  });
});

test("the golden vectors, which other verifiers can be tried with", () => {
  const keys = followSuccession(vectors.vkeys[0]!, vectors.statements.map(encodeUtf8));
  expect(keys.keys.map(({ vkey }) => vkey)).toEqual(vectors.vkeys);
  expect(vectors.cases.length).toBeGreaterThan(5);
  for (const { checkpoint: note, counts } of vectors.cases) {
    const verify = () => verifyCheckpoint(encodeUtf8(note), keys);
    if (counts) expect(verify().origin).toBe(vectors.origin);
    else expectError(VerificationError, "key_not_valid_for_size", verify);
  }
});
