import { randomFillSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MalformedError } from "@stele/proof";
import { BodyMalformedError, EventRejectedError } from "./errors.ts";
import { hashId } from "./id-hash.ts";
import { DEFAULT_EVENT_LIMITS, type EventLimits } from "./limits.ts";
import { EventNormalizer } from "./normalizer.ts";
import { checkEntry } from "./testing/entry-checker.ts";

const RECEIVED_AT = "2026-03-01T12:00:00.000Z";
const SEED = { k0: 0x01234567, k1: 0x89abcdef };
const GOOD = '{"id":"e1","action":"a.b","actor":{"id":"bob"}}';

function normalizer(limits: Partial<EventLimits> = {}): EventNormalizer {
  return new EventNormalizer({
    limits: { ...DEFAULT_EVENT_LIMITS, ...limits },
    idHashSeed: SEED,
    fillRandom: randomFillSync,
  });
}

const shared = normalizer();

function entries(body: string | Uint8Array, type: "json" | "ndjson" = "json", by = shared): string[] {
  const batch = by.normalize(Buffer.from(body), type, RECEIVED_AT);
  expect(batch.bytes.length).toBe(batch.ends.at(-1));
  return Buffer.from(batch.bytes).toString().split("\n").slice(0, -1);
}

function refusal(body: string | Uint8Array, type: "json" | "ndjson" = "json", by = shared): MalformedError {
  try {
    entries(body, type, by);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  throw new Error("It was accepted");
}

function problems(body: string | Uint8Array, type: "json" | "ndjson" = "json", by = shared) {
  const error = refusal(body, type, by);
  expect(error.code).toBe("event_invalid");
  return error instanceof EventRejectedError ? error.problems : [];
}

/** An event with these members besides the required ones. */
const withMembers = (members: string) => `{"action":"a.b","actor":{"id":"bob"},${members}}`;
const withMetadata = (value: string) => withMembers(`"metadata":{"x":${value}}`);
/** Objects in each other, in the innermost an array. */
const nested = (levels: number) => `${'{"k":'.repeat(levels - 1)}[]${"}".repeat(levels - 1)}`;
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

describe("an entry", () => {
  test("has what the producer left out", () => {
    const [entry] = entries('{"action":"a.b","actor":{"id":"bob"}}');
    const id = checkEntry(entry!);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(Date.parse(RECEIVED_AT));
    expect(entry).toBe(
      `{"v":1,"id":"${id}","occurred_at":"${RECEIVED_AT}","received_at":"${RECEIVED_AT}",` +
        `"action":"a.b","actor":{"type":"user","id":"bob"},"outcome":"unknown"}`,
    );
  });

  test("has the keys of the schema first and the others in the order of the producer", () => {
    const [entry] = entries(
      '{"tenant":"t","metadata":{"b":1,"a":2},"id":"e","actor":{"z":1,"name":"n","y":2,"id":"i"},"action":"a","occurred_at":"2026-01-01T00:00:00Z"}',
    );
    expect(entry).toBe(
      `{"v":1,"id":"e","occurred_at":"2026-01-01T00:00:00.000Z","received_at":"${RECEIVED_AT}","action":"a",` +
        `"actor":{"type":"user","id":"i","name":"n","z":1,"y":2},"outcome":"unknown","tenant":"t","metadata":{"b":1,"a":2}}`,
    );
  });

  test("takes null for absent where a key is known, and for a value in free data", () => {
    const [entry] = entries(
      withMembers(
        '"id":"e","reason":null,"outcome":null,"v":null,"received_at":null,"targets":null,"context":{"ip":null},' +
          '"changes":[{"field":"f","old":null,"new":1}],"metadata":{"x":null}',
      ),
    );
    expect(entry).toContain(
      '"context":{},"outcome":"unknown","changes":[{"field":"f","old":null,"new":1}],"metadata":{"x":null}}',
    );
  });

  test("keeps __proto__ as a key like any other", () => {
    const [entry] = entries(
      withMembers('"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":1}}'),
    );
    expect(entry).toContain('"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":1}}');
    expect("polluted" in {}).toBe(false);
  });

  test("knows a key that is written with escapes or with a space behind it", () => {
    const [entry] = entries('{"\\u0061ction" : "a.b","actor":{"i\\u0064":"bob"},"id" :"e","v":1.0}');
    expect(entry).toContain('"v":1,"id":"e"');
    expect(entry).toContain('"action":"a.b","actor":{"type":"user","id":"bob"}');
  });

  test.each([
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::FFFF:10.0.0.1", "::ffff:10.0.0.1"],
    ["10.0.0.1", "10.0.0.1"],
  ])("has the address %s in its one form", (sent, kept) => {
    expect(entries(withMembers(`"context":{"ip":"${sent}"}`))[0]).toContain(`"context":{"ip":"${kept}"}`);
  });

  test("may be 65,535 bytes long and not one more", () => {
    const frame = entries(withMembers('"id":"e","metadata":{"x":""}'))[0]!.length;
    const fill = (length: number) => withMembers(`"id":"e","metadata":{"x":"${"x".repeat(length - frame)}"}`);
    expect(entries(fill(65_535))[0]!.length).toBe(65_535);
    const problem = { position: 1, path: "", reason: "the entry is over 65535 bytes" };
    expect(problems(`[${GOOD},${fill(65_536)},${GOOD}]`)).toEqual([problem]);
    expect(problems(`[${GOOD},${fill(1_000_000)},${GOOD}]`)).toEqual([problem]);
  });

  test("may be nested 16 levels deep in free data", () => {
    expect(entries(withMetadata(nested(15)))).toHaveLength(1);
    expect(problems(withMetadata(nested(16)))).toMatchObject([
      { position: 0, path: `/metadata/x${"/k".repeat(15)}` },
    ]);
  });
});

describe("a batch", () => {
  test("of NDJSON may have blank lines, CRLF and no last line feed", () => {
    const body = `\n${GOOD}\r\n  \r\n\n ${GOOD} \n${GOOD}`;
    expect(entries(body, "ndjson")).toEqual(Array(3).fill(entries(GOOD)[0]));
  });

  test("says where the entries and their ids are, and the hashes of both", () => {
    const batch = shared.normalize(Buffer.from(`[${GOOD},${GOOD.replace("e1", "e2")}]`), "json", RECEIVED_AT);
    const ids = Array.from(batch.idStarts, (start, i) =>
      Buffer.from(batch.bytes.subarray(start, start + batch.idLengths[i]!)).toString(),
    );
    expect(ids).toEqual(["e1", "e2"]);
    const hashes = new Uint32Array(4);
    for (const [i, id] of ids.entries()) hashId(Buffer.from(id), 0, id.length, SEED, hashes, 2 * i);
    expect(batch.idHashes).toEqual(hashes);
    expect(batch.count).toBe(2);
  });

  test("owns its buffers, and each is as long as what is in it", () => {
    const batch = shared.normalize(Buffer.from(GOOD), "json", RECEIVED_AT);
    const copy = batch.bytes.slice();
    shared.normalize(Buffer.from(GOOD.replaceAll("b", "c")), "json", RECEIVED_AT);
    expect(batch.bytes).toEqual(copy);
    for (const array of [
      batch.bytes,
      batch.ends,
      batch.leafHashes,
      batch.idStarts,
      batch.idLengths,
      batch.idHashes,
    ]) {
      expect(array.byteLength).toBe(array.buffer.byteLength);
    }
  });

  test("has rising ids made for it", () => {
    const event = '{"action":"a","actor":{"id":"b"}}';
    const ids = entries(`[${Array(5000).fill(event).join(",")}]`).map((entry) => entry.slice(13, 49));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(5000);
  });

  test("may have as many events as the limit says", () => {
    const few = normalizer({ batchEventsMax: 3 });
    expect(entries(`[${GOOD},${GOOD},${GOOD}]`, "json", few)).toHaveLength(3);
    expect(refusal(`[${GOOD},${GOOD},${GOOD},${GOOD}]`, "json", few).code).toBe("batch_too_large");
    expect(refusal(`${GOOD}\n`.repeat(4), "ndjson", few).code).toBe("batch_too_large");
  });

  test.each([
    ["an empty array", "[ ]", "json"],
    ["an empty body", "", "json"],
    ["a body of white space", " \n", "json"],
    ["blank lines", "\n\r\n  \n", "ndjson"],
  ] as const)("of no event is refused: %s", (_, body, type) => {
    expect(refusal(body, type).code).toBe("batch_empty");
  });

  test("is still read after one that was too large for the usual memory", () => {
    const own = normalizer();
    const large = withMembers(`"id":"e","metadata":{"x":"${"x".repeat(60_000)}"}`);
    const expected = entries(large, "json", own)[0];
    expect(new Set(entries(`[${Array(200).fill(large).join(",")}]`, "json", own))).toEqual(
      new Set([expected]),
    );
    expect(entries(GOOD, "json", own)).toEqual(entries(GOOD));
  });
});

describe("a body that is not JSON is refused with the place", () => {
  test.each<[name: string, body: string | Buffer, place: object]>([
    ["cut short", `[${GOOD},{"action"`, { offset: 58, line: 1, column: 59, position: 1 }],
    ["garbage behind it", `${GOOD} x`, { offset: 48, position: 0 }],
    ["two values", `${GOOD}${GOOD}`, { offset: 47, position: 0 }],
    ["a trailing comma", `[\n${GOOD},\n]`, { line: 3, column: 1, position: 1 }],
    ["a trailing comma in an object", withMembers(""), { position: 0 }],
    ["a raw control character", withMetadata('"\t"'), { position: 0 }],
    ["a raw NUL", bytes(`[${GOOD},${PREFIX}"`, [0], '"}}]'), { position: 1, line: 1 }],
    ["a raw NUL between values", bytes("[", [0], `${GOOD}]`), { offset: 1 }],
    ["a string, not an event", '"event"', { offset: 0 }],
    ["a byte order mark", bytes([0xef, 0xbb, 0xbf], GOOD), { offset: 0 }],
    ["single quotes", "{'action':1}", { offset: 1 }],
    ["a comment", `/* */${GOOD}`, { offset: 0 }],
    ["NaN", withMetadata("NaN"), { position: 0 }],
    ["a leading zero", withMetadata("01"), { position: 0 }],
    ["a plus sign", withMetadata("+1"), { position: 0 }],
    ["a number without digits", withMetadata("-"), { position: 0 }],
    ["an unknown escape", withMetadata('"\\x41"'), { position: 0 }],
    ["a short escape", withMetadata('"\\u12"'), { position: 0 }],
    ["an open string", '{"action":"a', { offset: 12 }],
  ])("%s", (_, body, place) => {
    const error = refusal(body);
    expect(error.code).toBe("body_malformed");
    expect(error instanceof BodyMalformedError && error.place).toMatchObject(place);
  });
});

const PREFIX = '{"action":"a.b","actor":{"id":"bob"},"metadata":{"x":';

describe("a bad event refuses the batch, with its position and path", () => {
  test.each<[name: string, event: string | Buffer, path: string]>([
    ["no action", '{"actor":{"id":"b"}}', "/action"],
    ["no actor", '{"action":"a"}', "/actor"],
    ["null for what is required", '{"action":null,"actor":{"id":"b"}}', "/action"],
    ["no actor id", '{"action":"a","actor":{}}', "/actor/id"],
    ["no object", "[1]", ""],
    ["null", "null", ""],
    ["an unknown key", withMembers('"acton":1'), "/acton"],
    ["an unknown key with / and ~", withMembers('"a/b~c":1'), "/a~1b~0c"],
    ["an unknown key of context", withMembers('"context":{"host":"h"}'), "/context/host"],
    [
      "an unknown key of a change",
      withMembers('"changes":[{"field":"f"},{"field":"f","was":1}]'),
      "/changes/1/was",
    ],
    ["an unknown key of source", withMembers('"source":{"id":"s","sequence":1}'), "/source/sequence"],
    ["received_at", withMembers('"received_at":"2026-01-01T00:00:00Z"'), "/received_at"],
    ["another version", withMembers('"v":2'), "/v"],
    ["a version that is text", withMembers('"v":"1"'), "/v"],
    ["an action in capitals", '{"action":"User.Login","actor":{"id":"b"}}', "/action"],
    ["an action with an empty part", '{"action":"a..b","actor":{"id":"b"}}', "/action"],
    ["an action that ends in a dot", '{"action":"a.","actor":{"id":"b"}}', "/action"],
    ["an empty action", '{"action":"","actor":{"id":"b"}}', "/action"],
    ["a long action", `{"action":"${"a".repeat(129)}","actor":{"id":"b"}}`, "/action"],
    ["an action that is a number", '{"action":1,"actor":{"id":"b"}}', "/action"],
    ["an actor that is text", '{"action":"a","actor":"bob"}', "/actor"],
    ["an empty actor id", '{"action":"a","actor":{"id":""}}', "/actor/id"],
    ["a long actor id", `{"action":"a","actor":{"id":"${"é".repeat(1025)}"}}`, "/actor/id"],
    ["an empty id", withMembers('"id":""'), "/id"],
    ["a long id", withMembers(`"id":"${"i".repeat(129)}"`), "/id"],
    ["an id with a space", withMembers('"id":"a b"'), "/id"],
    ["an id that is not ASCII", withMembers('"id":"é"'), "/id"],
    ["a target without type", withMembers('"targets":[{"id":"x","type":"t"},{"id":"x"}]'), "/targets/1/type"],
    ["a target that is text", withMembers('"targets":["x"]'), "/targets/0"],
    ["targets that are an object", withMembers('"targets":{}'), "/targets"],
    [
      "101 targets",
      withMembers(`"targets":[${Array(101).fill('{"id":"x","type":"t"}').join(",")}]`),
      "/targets",
    ],
    ["an outcome of its own", withMembers('"outcome":"ok"'), "/outcome"],
    ["a host as ip", withMembers('"context":{"ip":"localhost"}'), "/context/ip"],
    ["an ip with a zone", withMembers('"context":{"ip":"fe80::1%eth0"}'), "/context/ip"],
    ["an ip with a leading zero", withMembers('"context":{"ip":"10.0.0.01"}'), "/context/ip"],
    ["a location that is a list", withMembers('"context":{"location":[]}'), "/context/location"],
    [
      "a long user agent",
      withMembers(`"context":{"user_agent":"${"u".repeat(1025)}"}`),
      "/context/user_agent",
    ],
    ["a long reason", withMembers(`"reason":"${"r".repeat(4097)}"`), "/reason"],
    ["a negative seq", withMembers('"source":{"id":"s","seq":-1}'), "/source/seq"],
    ["a seq with a fraction", withMembers('"source":{"id":"s","seq":1.5}'), "/source/seq"],
    ["a seq that is text", withMembers('"source":{"id":"s","seq":"1"}'), "/source/seq"],
    ["metadata that is a list", withMembers('"metadata":[]'), "/metadata"],
    ["a date that does not exist", withMembers('"occurred_at":"2026-02-30T00:00:00Z"'), "/occurred_at"],
    ["the hour 24", withMembers('"occurred_at":"2026-02-28T24:00:00Z"'), "/occurred_at"],
    ["a leap second", withMembers('"occurred_at":"2016-12-31T23:59:60Z"'), "/occurred_at"],
    ["a time without offset", withMembers('"occurred_at":"2026-02-28T00:00:00"'), "/occurred_at"],
    ["a time that is a number", withMembers('"occurred_at":1700000000'), "/occurred_at"],
    ["a key twice", '{"action":"a","actor":{"id":"b"},"action":"a"}', "/action"],
    ["a key twice, once null", withMembers('"reason":null,"reason":"r"'), "/reason"],
    ["a key twice, once with an escape", withMembers('"metadata":{"a":1,"\\u0061":2}'), "/metadata/a"],
    ["a key twice, deep in free data", withMetadata('[0,{"k":{"é":1,"\\u00e9":2}}]'), "/metadata/x/1/k/é"],
    ["a key twice, once with an escape, at the top", withMembers('"\\u0061ction":"b"'), "/action"],
    ["an extra key of the actor twice", '{"action":"a","actor":{"x":1,"id":"b","x":2}}', "/actor/x"],
    ["a lone high surrogate", withMetadata('"\\ud800"'), "/metadata/x"],
    ["a lone low surrogate", withMetadata('"\\udc00\\ud800"'), "/metadata/x"],
    ["a high surrogate before another escape", withMetadata('"\\ud800\\u0041"'), "/metadata/x"],
    ["a lone surrogate in a key", withMembers('"metadata":{"\\ud800":1}'), "/metadata/\ufffd"],
    ["an escaped NUL", withMetadata('"a\\u0000"'), "/metadata/x"],
    ["an escaped NUL in a known text", withMembers('"reason":"\\u0000"'), "/reason"],
    ["UTF-8 cut short", bytes(PREFIX, '"', [0xc3], '"}}'), "/metadata/x"],
    ["a lone continuation byte", bytes(PREFIX, '"', [0x80], '"}}'), "/metadata/x"],
    ["overlong UTF-8 of two bytes", bytes(PREFIX, '"', [0xc0, 0xaf], '"}}'), "/metadata/x"],
    ["overlong UTF-8 of three bytes", bytes(PREFIX, '"', [0xe0, 0x80, 0xaf], '"}}'), "/metadata/x"],
    ["overlong UTF-8 of four bytes", bytes(PREFIX, '"', [0xf0, 0x80, 0x80, 0xaf], '"}}'), "/metadata/x"],
    ["a surrogate in UTF-8", bytes(PREFIX, '"', [0xed, 0xa0, 0x80], '"}}'), "/metadata/x"],
    ["a point above U+10FFFF", bytes(PREFIX, '"', [0xf4, 0x90, 0x80, 0x80], '"}}'), "/metadata/x"],
    ["2^53", withMetadata("9007199254740992"), "/metadata/x"],
    ["-2^53", withMetadata("[1,-9007199254740992]"), "/metadata/x/1"],
    ["a whole number with an exponent beyond 2^53", withMetadata("1e16"), "/metadata/x"],
    ["1e400", withMetadata("1e400"), "/metadata/x"],
    ["a number of a thousand digits", withMetadata("1".repeat(1000)), "/metadata/x"],
  ])("%s", (_, event, path) => {
    const found = problems(bytes(`[${GOOD},`, [...Buffer.from(event)], `,${GOOD}]`));
    expect(found.map((problem) => [problem.position, problem.path])).toEqual([[1, path]]);
    // The same as a line of NDJSON.
    const line = problems(bytes(`${GOOD}\n\n`, [...Buffer.from(event)], `\n${GOOD}`), "ndjson");
    expect(line).toEqual(found);
  });

  test("a line that is not JSON is one of the problems, and the lines after it are read", () => {
    const body = `${GOOD}\n{"action":\n${GOOD} {}\n{"action":"a"}\n`;
    expect(problems(body, "ndjson").map(({ position, path }) => [position, path])).toEqual([
      [1, ""],
      [2, ""],
      [3, "/actor"],
    ]);
  });

  test("each problem of each event is named", () => {
    const body = `[${GOOD},{"action":"A","actor":{"id":1},"x":{"y":1e400},"reason":["\\ud800"]},5]`;
    expect(problems(body).map(({ position, path }) => [position, path])).toEqual([
      [1, "/action"],
      [1, "/actor/id"],
      [1, "/x"],
      [1, "/x/y"],
      [1, "/reason"],
      [1, "/reason/0"],
      [2, ""],
    ]);
  });

  test("up to a limit", () => {
    expect(problems(`[${Array(5000).fill("{}").join(",")}]`)).toHaveLength(DEFAULT_EVENT_LIMITS.problemsMax);
    expect(problems("{}\n{\n".repeat(4000), "ndjson")).toHaveLength(DEFAULT_EVENT_LIMITS.problemsMax);
  });
});

describe("hostile bodies cost little", () => {
  test("a million levels", () => {
    expect(problems(`[${"[".repeat(1e6)}${"]".repeat(1e6)}]`)[0]).toMatchObject({ position: 0, path: "" });
    expect(problems(withMetadata(`${'{"k":'.repeat(1e6)}1${"}".repeat(1e6)}`))).toHaveLength(1);
    expect(refusal("[".repeat(1e6)).code).toBe("body_malformed");
  });

  test("thousands of keys in one object", () => {
    const keys = Array.from({ length: 6000 }, (_, i) => `"${i.toString(36)}":0`);
    expect(entries(withMembers(`"metadata":{${keys.join(",")}}`))).toHaveLength(1);
    expect(problems(withMembers(`"metadata":{${keys.join(",")},"4m3":1}`))).toMatchObject([
      { path: "/metadata/4m3" },
    ]);
    const many = Array.from({ length: 1e6 }, (_, i) => `"${i}":0`);
    expect(problems(withMembers(`"metadata":{${many.join(",")}}`))).toMatchObject([{ path: "" }]);
  });

  test("a number of a million digits", () => {
    expect(problems(withMetadata("9".repeat(1e6)))).toHaveLength(1);
    expect(entries(withMetadata(`0.${"3".repeat(1e6)}`))[0]).toContain('"x":0.3333333333333333}');
  });
});
