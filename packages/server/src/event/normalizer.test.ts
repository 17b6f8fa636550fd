import { describe, expect, test } from "vitest";
import { hashId } from "./id-hash.ts";
import { checkEntry } from "./testing/entry-checker.ts";
import {
  entries,
  GOOD,
  nested,
  normalizer,
  problems,
  RECEIVED_AT,
  refusal,
  SEED,
  shared,
  withMembers,
  withMetadata,
} from "./testing/submission.ts";

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
    ["0.0000001", "1e-7"],
    ["0.000001", "0.000001"],
    ["-0.0000005", "-5e-7"],
    ["0.1234567", "0.1234567"],
    ["-0", "0"],
    ["-0.0", "0"],
    ["0e5", "0"],
    ["1e-400", "0"],
    ["5e-324", "5e-324"],
    ["1.0", "1"],
    ["1.10", "1.1"],
    ["-12.5", "-12.5"],
    ["0.1e1", "1"],
    ["1E3", "1000"],
    ["100", "100"],
    ["123456789012345.6", "123456789012345.6"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["0.1000000000000000055", "0.1"],
    ["9007199254740991", "9007199254740991"],
    ["-9007199254740991", "-9007199254740991"],
    ["9007199254740991.4", "9007199254740991"],
  ])("has the number %s as %s", (sent, kept) => {
    expect(entries(withMetadata(sent))[0]).toContain(`"metadata":{"x":${kept}}}`);
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
