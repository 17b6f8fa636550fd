import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError, SteleError } from "./errors.ts";
import {
  EVIDENCE_LENGTH_BYTES_MAX,
  formatEvidence,
  looksLikeEvidence,
  parseEvidence,
  type Evidence,
} from "./evidence.ts";
import { completenessOf } from "./evidence-completeness.ts";
import { expectError } from "./testing/expect-error.ts";
import { testEntry, testEvidence, textOfEvidence } from "./testing/test-evidence.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const evidence = await testEvidence([3, 4, 5, 99]);
const text = textOfEvidence(evidence);
const refuse = (wrong: string) =>
  expectError(MalformedError, "evidence_malformed", () => parseEvidence(encodeUtf8(wrong)));
const changed = (change: Partial<Evidence>) => () => formatEvidence({ ...evidence, ...change });

test("survives both ways", () => {
  expect(parseEvidence(encodeUtf8(text))).toEqual(evidence);
  const anonymous = { ...evidence, declared: { ...evidence.declared, by: undefined } };
  expect(parseEvidence(formatEvidence(anonymous))).toEqual(anonymous);
  expect(looksLikeEvidence(encodeUtf8(text))).toBe(true);
  expect(looksLikeEvidence(Uint8Array.of(0x1f, 0x8b, 8))).toBe(true);
  expect(looksLikeEvidence(encodeUtf8("c2sp.org/tlog-proof@v1\n"))).toBe(false);
});

describe("rejects what is not in the form", () => {
  test.each([
    ["nothing", () => ""],
    ["no JSON", () => text.slice(0, -1)],
    ["no object", () => "[]"],
    ["null", () => "null"],
    ["another version", () => text.replace("evidence/v1", "evidence/v2")],
    ["white space", () => text.replace(":", ": ")],
    ["a line feed at the end", () => `${text}\n`],
    ["a field more", () => `${text.slice(0, -1)},"note":"x"}`],
    ["a field twice", () => text.replace('"succession":[]', '"succession":[],"succession":[]')],
    ["a field less", () => text.replace('"succession":[],', "")],
    ["fields in another order", () => text.replace(/("policy":.*?),("succession":\[\])/, "$2,$1")],
    ["an escape that is not needed", () => text.replace("auditor", String.raw`\u0061uditor`)],
    ["a number in another form", () => text.replace('"index":99', '"index":9.9e1')],
    ["an index below 0", () => text.replace('"index":99', '"index":-1')],
    ["an index that is no integer", () => text.replace('"index":99', '"index":0.5')],
    ["an entry that is no text", () => text.replace(/"entry":"(\\"|[^"])*"/, '"entry":7')],
    ["a proof of half a hash", () => text.replace(/"proof":"[^"]*"/, '"proof":"AAAA"')],
    ["no time", () => text.replace("2026-01-06T08:00:00.000Z", "yesterday")],
    ["someone who is no text", () => text.replace('"by":"auditor"', '"by":7')],
    ["no run", () => text.replace(/"run":null/, '"run":7')],
    ["sources that are none", () => text.replace(/"sources":\[/, '"sources":[7,')],
    ["half a surrogate pair", () => text.replace("auditor", String.raw`\ud800`)],
    ["a prototype", () => text.replace('"run":null', '"__proto__":{"run":null}')],
  ])("%s", (_name, wrong) => {
    expect(wrong()).not.toBe(text);
    refuse(wrong());
  });

  test("parts of it that have a form of their own", () => {
    for (const [code, wrong] of [
      ["base64_malformed", text.replace(/"proof":"./, '"proof":"?')],
      ["note_malformed", text.replace('"checkpoint":"', String.raw`"checkpoint":"\u0001`)],
      ["note_malformed", text.replace('"succession":[]', '"succession":["x"]')],
    ] as const) {
      expectError(MalformedError, code, () => parseEvidence(encodeUtf8(wrong)));
    }
    expectError(MalformedError, "utf8_malformed", () => parseEvidence(Uint8Array.of(0xff)));
    expectError(MalformedError, "evidence_malformed", () =>
      parseEvidence(new Uint8Array(EVIDENCE_LENGTH_BYTES_MAX + 1)),
    );
  });

  test("more than it may have", () => {
    const one = { leafIndex: 0, entry: "{}" };
    expectError(
      MalformedError,
      "evidence_malformed",
      changed({ entries: Array.from({ length: 100_001 }, () => one) }),
    );
    expectError(MalformedError, "evidence_malformed", changed({ policy: "#".repeat(1 << 17) }));
    expectError(MalformedError, "hash_malformed", changed({ proof: [new Uint8Array(31)] }));
    expectError(MalformedError, "evidence_malformed", changed({ entries: [{ ...one, leafIndex: -1 }] }));
  });
});

test("whatever is damaged: our own errors, or the same bytes again", () => {
  const bytes = encodeUtf8(text);
  const damage = fc.tuple(fc.nat(), fc.constantFrom(...encodeUtf8('"\\,:{}[]0-.eE \n\xff'), 0xff, 0x00));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), fc.nat(), (damages, cut) => {
      const damaged = new Uint8Array(bytes.subarray(0, cut % 7 === 0 ? cut % bytes.length : bytes.length));
      for (const [at, byte] of damages) if (damaged.length > 0) damaged[at % damaged.length] = byte;
      let parsed: Evidence;
      try {
        parsed = parseEvidence(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(SteleError);
        expect(error).toBeInstanceOf(MalformedError);
        return;
      }
      expect(decodeUtf8(formatEvidence(parsed))).toBe(decodeUtf8(damaged));
    }),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (json) => {
      expectError(MalformedError, "evidence_malformed", () => parseEvidence(encodeUtf8(json)));
    }),
  );
});

const of = (...indexes: readonly number[]) =>
  completenessOf(indexes.map((leafIndex) => ({ leafIndex, entry: testEntry(leafIndex) })));
const withSource = (leafIndex: number, source: string) => ({ leafIndex, entry: `{"source":${source}}` });

describe("what entries show", () => {
  test("a run without gaps", () => {
    expect(of()).toEqual({ run: undefined, sources: [] });
    expect(of(7)).toEqual({ run: { first: 7, last: 7 }, sources: [] });
    expect(of(7, 8).run).toEqual({ first: 7, last: 8 });
    expect(of(7, 9).run).toBeUndefined();
  });

  test("the numbers of a source, and how many are missing", () => {
    expect(of(3, 6, 9).sources).toEqual([{ id: "door", first: 1, last: 3, missing: 0 }]);
    expect(of(3, 12).sources).toEqual([{ id: "door", first: 1, last: 4, missing: 2 }]);
    const entries = [
      withSource(0, '{"id":"b","seq":9007199254740991}'),
      withSource(1, '{"id":"a","seq":2}'),
      withSource(2, '{"id":"b","seq":0}'),
      withSource(3, '{"id":"a","seq":2}'),
      withSource(4, '{"id":"a","seq":1}'),
    ];
    expect(completenessOf(entries).sources).toEqual([
      { id: "b", first: 0, last: 9007199254740991, missing: 9007199254740990 },
      { id: "a", first: 1, last: 2, missing: 0 },
    ]);
  });

  test("a source without a number, or that is none, shows nothing", () => {
    const sources = [
      '{"id":"a"}',
      '{"id":"a","seq":-1}',
      '{"id":"a","seq":0.5}',
      '{"id":"a","seq":1e300}',
      '{"id":7,"seq":1}',
      '"a"',
      "null",
      "[]",
    ];
    expect(completenessOf(sources.map((source, i) => withSource(i, source))).sources).toEqual([]);
  });

  test.each(["", "7", "null", "[]", "{"])("%j is no entry", (entry) => {
    expectError(MalformedError, "evidence_malformed", () => completenessOf([{ leafIndex: 0, entry }]));
  });
});
