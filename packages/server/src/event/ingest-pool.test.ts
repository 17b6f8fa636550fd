import { afterAll, describe, expect, test } from "vitest";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { UnavailableError } from "@stele/proof";
import { BodyMalformedError, EventRejectedError } from "./errors.ts";
import { IngestPool } from "./ingest-pool.ts";

const RECEIVED_AT = "2026-03-01T12:00:00.000Z";
const SEED = { k0: 5, k1: 6 };
const json = { type: "json", encoding: "identity" } as const;
const ndjson = { type: "ndjson", encoding: "identity" } as const;

const pool = IngestPool.create({ threads: 2, idHashSeed: SEED });
afterAll(() => pool.close());

const event = (id: string) => `{"id":"${id}","action":"a.b","actor":{"id":"bob"}}`;
/** Large enough to go to a worker. */
const lines = (count: number, prefix = "e") =>
  Buffer.from(Array.from({ length: count }, (_, i) => event(`${prefix}-${i}`)).join("\n"));

/** An array whose event 1000 is wrong. */
const bad = () =>
  Buffer.from(`[${lines(1000).toString().replaceAll("\n", ",")},{"action":"A","actor":{"id":"b"}}]`);

describe("a pool", () => {
  test("gives the same entries on a worker as on the caller's thread", async () => {
    const inline = await pool.normalize(lines(100), ndjson, RECEIVED_AT);
    const threaded = await pool.normalize(lines(1000), ndjson, RECEIVED_AT);
    expect(threaded.count).toBe(1000);
    const length = inline.bytes.length;
    expect(Buffer.compare(threaded.bytes.subarray(0, length), inline.bytes)).toBe(0);
    expect(threaded.leafHashes.slice(0, 3200)).toEqual(inline.leafHashes);
    expect(threaded.idHashes.slice(0, 200)).toEqual(inline.idHashes);
    expect(threaded.ends.slice(0, 100)).toEqual(inline.ends);
  });

  test("decodes gzip and zstd", async () => {
    const plain = await pool.normalize(lines(10), ndjson, RECEIVED_AT);
    for (const [encoding, body] of [
      ["gzip", gzipSync(lines(10))],
      ["zstd", zstdCompressSync(lines(10))],
    ] as const) {
      const batch = await pool.normalize(body, { type: "ndjson", encoding }, RECEIVED_AT);
      expect(batch.bytes).toEqual(plain.bytes);
    }
  });

  test("answers many calls at once, each with its own", async () => {
    const batches = await Promise.all(
      Array.from({ length: 20 }, (_, i) => pool.normalize(lines(400 + i, `call${i}`), ndjson, RECEIVED_AT)),
    );
    for (const [i, batch] of batches.entries()) {
      expect(batch.count).toBe(400 + i);
      expect(Buffer.from(batch.bytes).toString("latin1", 13, 21 + String(i).length - 2)).toContain(
        `call${i}`,
      );
    }
  });

  test("moves a body that fills its buffer, and copies another", async () => {
    const whole = new Uint8Array(lines(1000));
    await pool.normalize(whole, ndjson, RECEIVED_AT);
    expect(whole.length).toBe(0);
    const large = new Uint8Array(Buffer.concat([Buffer.from("##"), lines(1000)]));
    expect((await pool.normalize(large.subarray(2), ndjson, RECEIVED_AT)).count).toBe(1000);
    expect(large.length).toBeGreaterThan(0);
  });

  test("refuses on a worker as on the caller's thread", async () => {
    await expect(pool.normalize(bad(), json, RECEIVED_AT)).rejects.toMatchObject({
      code: "event_invalid",
      problems: [{ position: 1000, path: "/action" }],
    });
    await expect(pool.normalize(bad().subarray(0, 40_000), json, RECEIVED_AT)).rejects.toMatchObject({
      code: "body_malformed",
      place: { offset: 40_000, line: 1 },
    });
    await expect(
      pool.normalize(gzipSync("[]"), { ...json, encoding: "gzip" }, RECEIVED_AT),
    ).rejects.toMatchObject({
      code: "batch_empty",
    });
    await expect(pool.normalize(bad(), json, RECEIVED_AT)).rejects.toBeInstanceOf(EventRejectedError);
    await expect(pool.normalize(bad(), { ...json, encoding: "zstd" }, RECEIVED_AT)).rejects.toBeInstanceOf(
      BodyMalformedError,
    );
  });

  test("gives up a bomb at the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    await expect(pool.normalize(bomb, { ...json, encoding: "gzip" }, RECEIVED_AT)).rejects.toMatchObject({
      code: "body_too_large",
    });
  });

  test("tells those who wait when a worker dies, and starts another", async () => {
    const own = IngestPool.create({ threads: 1, idHashSeed: SEED });
    // A time that is none is the caller's bug, and the worker does not survive it.
    const calls = [
      own.normalize(lines(1000), ndjson, "now"),
      own.normalize(lines(1000), ndjson, RECEIVED_AT),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome.status === "rejected" && outcome.reason).toBeInstanceOf(UnavailableError);
      expect(outcome).toMatchObject({ reason: { code: "ingest_interrupted" } });
    }
    expect((await own.normalize(lines(1000), ndjson, RECEIVED_AT)).count).toBe(1000);
    await own.close();
  });

  test("rejects what is not answered when it is closed, and everything after", async () => {
    const own = IngestPool.create({ threads: 1, idHashSeed: SEED });
    const waiting = own.normalize(lines(1000), ndjson, RECEIVED_AT);
    const outcome = expect(waiting).rejects.toMatchObject({ code: "node_stopping" });
    await own.close();
    await outcome;
    await expect(own.normalize(lines(1), ndjson, RECEIVED_AT)).rejects.toMatchObject({
      code: "node_stopping",
    });
  });
});
