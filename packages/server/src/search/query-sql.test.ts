import { DuckDBInstance, listValue } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalIp, matches, parseQuery, type Query } from "@stele/query";
import { entryText, parseEntry, query } from "../../../query/src/testing/query-arbitraries.ts";
import { toSql } from "./query-sql.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** The columns of a segment, made of the entries by DuckDB alone. */
async function createTable(entries: readonly string[]): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE entries AS
     SELECT seq, entry,
       (entry->>'$.occurred_at')::TIMESTAMP AS occurred_at, (entry->>'$.received_at')::TIMESTAMP AS received_at,
       entry->>'$.action' AS action, entry->>'$.outcome' AS outcome, entry->>'$.tenant' AS tenant,
       entry->>'$.actor.type' AS actor_type, entry->>'$.actor.id' AS actor_id, entry->>'$.context.ip' AS ip,
       CASE WHEN json_exists(entry, '$.targets') THEN entry->>'$.targets[*].id' END AS target_ids,
       entry->>'$.source.id' AS source_id, (entry->>'$.source.seq')::BIGINT AS source_seq
     FROM (SELECT unnest($1::VARCHAR[]) AS entry, generate_subscripts($1::VARCHAR[], 1) - 1 AS seq)`,
    [listValue([...entries])],
  );
}

async function hitsOfSql(wanted: Query): Promise<number[]> {
  const { where, params } = toSql(wanted);
  const result = await connection.runAndReadAll(
    `SELECT seq::INTEGER FROM entries WHERE ${where} ORDER BY seq`,
    [...params],
  );
  return result.getRows().map(([seq]) => Number(seq));
}

function hitsOfMatcher(wanted: Query, entries: readonly string[]): number[] {
  const isHit = matches(wanted);
  return entries.flatMap((text, seq) => (isHit(parseEntry(text), text) ? [seq] : []));
}

/** Entries have addresses in their canonical form. */
const canonicalEntry = entryText.map((text) =>
  text.replace(/"ip":"([^"]*)"/, (_, ip: string) => `"ip":"${canonicalIp(ip)}"`),
);

function entry(ip: string, metadata: string): string {
  return (
    `{"v":1,"id":"x","occurred_at":"2026-01-01T00:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z",` +
    `"action":"a","actor":{"type":"t","id":"i"},"context":{"ip":"${ip}"},"outcome":"success","metadata":${metadata}}`
  );
}

describe("toSql", () => {
  test.each([
    ["metadata.n:*0", []],
    ["metadata.n:10", [0]],
    ["metadata.n:10.0", [0]],
    ["metadata.none:1e999", []],
    ["metadata.none:*", []],
    ["-metadata.none:*", [0, 1]],
    ["metadata.__proto__:x", [0]],
    ["-tenant:acme -target:x", [0, 1]],
    ["ip:10.0.0.0/15 ip:10.1.2.3", [0, 1]],
    ["ip:::/0", []],
    ["a'b;--", []],
  ] as const)("finds with %s", async (text, expected) => {
    const entries = [
      entry("10.1.2.3", '{"n":10,"none":null,"__proto__":"x"}'),
      entry("::ffff:10.1.2.3", '{"n":[10],"other":{"n":10}}'),
    ];
    await createTable(entries);
    const wanted = parseQuery(text, { nowMs: 0 });
    expect(await hitsOfSql(wanted)).toEqual(expected);
    expect(hitsOfMatcher(wanted, entries)).toEqual(expected);
  });

  test("decides as the matcher does", async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(canonicalEntry, { minLength: 1, maxLength: 60, size: "max" }),
        fc.array(query, { minLength: 1, maxLength: 30, size: "max" }),
        async (entries, queries) => {
          await createTable(entries);
          for (const wanted of queries) {
            const expected = hitsOfMatcher(wanted, entries);
            hits += expected.length;
            expect(await hitsOfSql(wanted), toSql(wanted).where).toEqual(expected);
          }
        },
      ),
      { numRuns: 120 },
    );
    expect(hits).toBeGreaterThan(1000);
  });
});
