import { describe, expect, test } from "vitest";
import { BodyMalformedError } from "./errors.ts";
import { DEFAULT_EVENT_LIMITS } from "./limits.ts";
import {
  bytes,
  entries,
  GOOD,
  PREFIX,
  problems,
  refusal,
  withMembers,
  withMetadata,
} from "./testing/submission.ts";

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

test("UTF-8 is judged as TextDecoder judges it", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const [starts, rest] = [
    [
      0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4,
      0xf5, 0xff,
    ],
    [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff],
  ];
  for (const a of starts) {
    for (const b of rest) {
      for (const c of rest) {
        for (const d of [0x41, 0x80, 0xbf, 0xc0]) {
          const text = [a, b, c, d];
          const event = bytes(PREFIX, '"', text, '"}}');
          let decoded: string | undefined;
          try {
            decoded = decoder.decode(Uint8Array.from(text));
          } catch {
            expect(problems(event)).toMatchObject([{ path: "/metadata/x" }]);
            continue;
          }
          expect(entries(event)[0]).toContain(`"metadata":{"x":"${decoded}"}`);
        }
      }
    }
  }
});

describe("hostile bodies cost little", () => {
  test("millions of blank lines", () => {
    const blank = "\n".repeat(8e6);
    const start = performance.now();
    expect(entries(`${blank}${GOOD}${blank}`, "ndjson")).toHaveLength(1);
    expect(refusal(`${blank}x`)).toMatchObject({
      code: "body_malformed",
      place: { line: 8e6 + 1, column: 1 },
    });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("many objects of many keys, and a key twice in the last", () => {
    const object = `{${Array.from({ length: 20 }, (_, i) => `"k${i}":0`).join(",")},"id":"i","type":"t"}`;
    const last = object.replace("k19", "k3");
    expect(problems(withMetadata(`[${`${object},`.repeat(200)}${last}]`))).toMatchObject([
      { path: "/metadata/x/200/k3" },
    ]);
    expect(problems(withMembers(`"targets":[${`${object},`.repeat(99)}${last}]`))).toMatchObject([
      { path: "/targets/99/k3" },
    ]);
  });

  test("numbers that get longer", () => {
    for (const filler of ["1e15,".repeat(1e6), "[],".repeat(1e6), '{"":0},'.repeat(1e6)]) {
      expect(problems(withMetadata(`[${filler}true]`))).toMatchObject([{ path: "" }]);
    }
    const changes = Array(1000).fill('{"field":"f","old":1e15,"new":[1e15,1e15,1e15]}').join(",");
    expect(problems(withMembers(`"changes":[${changes}]`))).toMatchObject([{ path: "" }]);
  });

  test("a path of long keys is cut", () => {
    const key = "k".repeat(900);
    const [problem] = problems(withMetadata(`{"${key}":{"${key}":1e400}}`));
    expect(problem!.path.length).toBeLessThanOrEqual(1025);
    expect(problem!.path.endsWith("k…")).toBe(true);
  });

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
