import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  encodeBase64,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  makeVerifierKey,
  nodeHash,
  noteVerifier,
  parseTlogProof,
  parseVerifierKey,
  signNote,
  type NoteSigner,
} from "@stele/proof";
import { describe, expect, test } from "vitest";
import { client, faultyNode, json, resetBefore, unavailable, type Handler } from "./testing/faulty-node.ts";
import { formatProofFile } from "./proven-entry.ts";

const entry = {
  v: 1,
  id: "e0",
  occurred_at: "2026-01-01T00:00:00.000Z",
  received_at: "2026-01-01T00:00:00.000Z",
  action: "document.updated",
  actor: { type: "user", id: "alice" },
  outcome: "success",
};

const page =
  (index: number, next: string | null): Handler =>
  (_, response) =>
    json(response, 200, { events: [{ index, entry }], next_cursor: next, indexed_size: 9, tree_size: 9 });

const stream: (...parts: string[]) => Handler =
  (...parts) =>
  async (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const part of parts) {
      response.write(part);
      await sleep(5);
    }
    request.socket.resetAndDestroy();
  };
const sse = (index: number) => `id: ${index}\ndata: ${JSON.stringify({ index, entry })}\n\n`;

describe("search", () => {
  test("walks through the pages by cursor", async () => {
    const node = await faultyNode(page(2, "c1"), page(1, "c2"), page(0, null));
    const found: number[] = [];
    for await (const { index } of client([node]).stele.search("actor:alice é", { minIndex: 8 }))
      found.push(index);
    expect(found).toEqual([2, 1, 0]);
    const queries = node.requests.map(({ url }) => new URL(url, node.url).searchParams);
    expect(queries.map((query) => query.get("cursor"))).toEqual([null, "c1", "c2"]);
    expect(queries.map((query) => query.get("q"))).toEqual(Array(3).fill("actor:alice é"));
    expect(queries[0]!.get("min_index")).toBe("8");
  });

  test("asks for a part of a long result; the pages behind it go by cursor", async () => {
    const node = await faultyNode(
      (_, response) =>
        json(response, 200, {
          events: [{ index: 7, entry }],
          next_cursor: "c1",
          total: 12,
          indexed_size: 9,
          tree_size: 9,
        }),
      page(2, null),
    );
    const { stele } = client([node]);
    for await (const _ of stele.search("", { offset: 5, asOf: 8 })) continue;
    expect(node.requests.map(({ url }) => url)).toEqual([
      "/v1/logs/main/events?offset=5&as_of=8",
      "/v1/logs/main/events?cursor=c1&as_of=8",
    ]);
    expect(await stele.searchPage()).toMatchObject({ total: undefined });
  });

  test("a bad query keeps the offset", async () => {
    const node = await faultyNode((_, response) =>
      json(response, 400, { error: { code: "query_malformed", message: "No such field", offset: 6 } }),
    );
    await expect(client([node]).stele.searchPage("actor:")).rejects.toMatchObject({
      code: "query_malformed",
      offset: 6,
    });
  });

  test("an entry that is none is not handed on", async () => {
    const node = await faultyNode((_, response) =>
      json(response, 200, { index: 0, leaf_hash: "", entry: { ...entry, actor: "alice" } }),
    );
    await expect(client([node]).stele.get(0)).rejects.toMatchObject({ code: "response_malformed" });
  });
});

describe("counts", () => {
  const sizes = { indexed_size: 9, tree_size: 9 };
  const histogram = {
    interval_ms: 1000,
    buckets: [{ start: "2026-01-01T00:00:00.000Z", count: 3, counts: { constructor: 1, other: 2 } }],
    values: ["constructor"],
    total: 3,
    ...sizes,
  };

  test("over time, split by a field", async () => {
    const node = await faultyNode((_, response) => json(response, 200, histogram));
    const options = { buckets: 3, field: "actor", from: "-24h", asOf: 9 } as const;
    expect(await client([node]).stele.countOverTime("outcome:failure", options)).toEqual({
      intervalMs: 1000,
      buckets: [
        {
          startMs: Date.UTC(2026, 0, 1),
          count: 3,
          counts: new Map([
            ["constructor", 1],
            ["other", 2],
          ]),
        },
      ],
      values: ["constructor"],
      total: 3,
      indexedSize: 9,
      treeSize: 9,
    });
    expect(node.requests[0]!.url).toBe(
      "/v1/logs/main/histogram?q=outcome%3Afailure&buckets=3&field=actor&from=-24h&as_of=9",
    );
  });

  test("of the most frequent values", async () => {
    const node = await faultyNode((_, response) =>
      json(response, 200, { values: [{ value: "__proto__", count: 2 }], ...sizes }),
    );
    expect(await client([node]).stele.topValues("", "actor", { limit: 5, asOf: 9 })).toEqual({
      values: [{ value: "__proto__", count: 2 }],
      isShortened: false,
      indexedSize: 9,
      treeSize: 9,
    });
    expect(node.requests[0]!.url).toBe("/v1/logs/main/top?field=actor&limit=5&as_of=9");
    const shortened = await faultyNode((_, response) =>
      json(response, 200, { values: [], shortened: true, ...sizes }),
    );
    expect(await client([shortened]).stele.topValues("", "actor")).toMatchObject({ isShortened: true });
  });

  test("an answer of another form is an error", async () => {
    const [bucket] = histogram.buckets;
    for (const wrong of [
      { ...histogram, buckets: [{ ...bucket, start: "yesterday" }] },
      { ...histogram, buckets: [{ ...bucket, counts: { a: "1" } }] },
      { ...histogram, total: -1 },
    ]) {
      const node = await faultyNode((_, response) => json(response, 200, wrong));
      await expect(client([node]).stele.countOverTime()).rejects.toMatchObject({
        code: "response_malformed",
      });
    }
  });
});

describe("tail", () => {
  test("goes on behind the last event when the connection breaks, without doubles", async () => {
    const node = await faultyNode(
      stream(": hello\n\n", sse(3), sse(4).slice(0, 30)),
      unavailable("0"),
      stream(sse(4), sse(7), ": alive\nid: 9\n\n", "id: 10\n"),
      stream(sse(11)),
    );
    const seen: number[] = [];
    const told: string[] = [];
    const reached: number[] = [];
    const observer = {
      onOpened: () => told.push("opened"),
      onEnded: () => told.push("ended"),
      onReached: (index: number) => reached.push(index),
      onRetry: ({ code }: { readonly code: string }) => told.push(code),
    };
    for await (const { index } of client([node]).stele.tail("actor:alice", { from: 3, ...observer })) {
      seen.push(index);
      if (index === 11) break;
    }
    expect(told).toEqual(["opened", "ended", "overloaded", "opened", "ended", "opened"]);
    expect(reached.at(-1)).toBe(9);
    expect(reached).toEqual(reached.toSorted((a, b) => a - b));
    expect(seen).toEqual([3, 4, 7, 11]);
    expect(node.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "3", "3", "9"]);
    expect(node.requests[0]!.url).toContain("q=actor%3Aalice&from=3");
  });

  test("begins where the log ends, and tells the node so", async () => {
    const node = await faultyNode(
      (_, response) =>
        json(response, 200, { name: "main", origin: "o", vkey: "k", tree_size: 42, sealed_size: 0 }),
      resetBefore,
      stream(sse(42)),
    );
    const { value } = await client([node]).stele.tail().next();
    expect(value?.index).toBe(42);
    expect(node.requests.map(({ url }) => url)).toEqual([
      "/v1/logs/main",
      "/v1/logs/main/tail?from=42",
      "/v1/logs/main/tail?from=42",
    ]);
  });

  test("ends with the signal's reason", async () => {
    const node = await faultyNode((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(sse(0));
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const read = async () => {
      for await (const _ of client([node]).stele.tail("", { from: 0, signal: stop.signal })) {
        setTimeout(() => stop.abort(reason), 10);
      }
    };
    await expect(read()).rejects.toBe(reason);
  });

  test("a refused query is an error", async () => {
    const node = await faultyNode((_, response) =>
      json(response, 400, { error: { code: "query_malformed", message: "…", offset: 0 } }),
    );
    await expect(client([node]).stele.tail("(", { from: 0 }).next()).rejects.toMatchObject({
      code: "query_malformed",
    });
  });
});

describe("prove", () => {
  const keys = generateKeyPairSync("ed25519");
  const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const key = makeVerifierKey("log.example/main", 1, publicKey);
  const verifier = noteVerifier(parseVerifierKey(formatVerifierKey(key)));
  const signer: NoteSigner = { key, sign: (text) => sign(null, text, keys.privateKey) };
  const bytes = Buffer.from(JSON.stringify(entry));
  const other = createHash("sha256").update("other").digest();

  async function answer(change: { entryBytes?: Buffer; leafIndex?: number; signer?: NoteSigner } = {}) {
    const root = nodeHash(leafHash(bytes), other);
    const text = formatCheckpoint({ origin: key.name, treeSize: 2, root });
    return {
      index: 0,
      leaf_hash: "",
      state: "sealed",
      entry,
      entry_bytes: encodeBase64(change.entryBytes ?? bytes),
      proof: {
        leaf_index: change.leafIndex ?? 0,
        tree_size: 2,
        hashes: [encodeBase64(other)],
        checkpoint: new TextDecoder().decode(await signNote(text, [change.signer ?? signer])),
      },
    };
  }

  async function proving(asked: number | string, change: Parameters<typeof answer>[0] = {}) {
    const body = await answer(change);
    const node = await faultyNode((_, response) => json(response, 200, body));
    return await client([node]).stele.prove(asked, verifier);
  }

  test("gives what a node claims unverified, too", async () => {
    const body = await answer({ leafIndex: 7 });
    const node = await faultyNode(
      (_, response) => json(response, 200, body),
      (_, response) => json(response, 200, { from: 1, to: 2, hashes: [encodeBase64(other)] }),
    );
    const { stele } = client([node]);
    expect(await stele.claim(0)).toMatchObject({ leafIndex: 7, treeSize: 2, state: "sealed" });
    expect((await stele.consistencyProof(1, 2)).map((hash) => Buffer.from(hash))).toEqual([other]);
    expect(node.requests.map(({ url }) => url)).toEqual([
      "/v1/logs/main/events/0?proof=1",
      "/v1/logs/main/proof/consistency?from=1&to=2",
    ]);
  });

  test("hands out the exact bytes, and a self-contained proof file", async () => {
    for (const asked of [0, "e0"]) {
      const proven = await proving(asked);
      expect(Buffer.from(proven.entry)).toEqual(bytes);
      expect(proven.checkpoint.treeSize).toBe(2);
      expect(Buffer.from(parseTlogProof(formatProofFile(proven)).extra!)).toEqual(bytes);
    }
  });

  test("refuses what does not follow from the log's signature", async () => {
    const changed = Buffer.from(bytes.toString().replace("alice", "mally"));
    await expect(proving(0, { entryBytes: changed })).rejects.toMatchObject({ code: "inclusion_not_proven" });
    await expect(proving(0, { leafIndex: 1 })).rejects.toMatchObject({ code: "inclusion_not_proven" });
    await expect(proving(1)).rejects.toMatchObject({ code: "proof_of_other_entry" });
    await expect(proving("e1")).rejects.toMatchObject({ code: "proof_of_other_entry" });
    const forger = generateKeyPairSync("ed25519").privateKey;
    const forged: NoteSigner = { key, sign: (text) => sign(null, text, forger) };
    await expect(proving(0, { signer: forged })).rejects.toMatchObject({ code: "note_signature_wrong" });
  });
});

test("a policy is told as it is, or that there is none", async () => {
  const text = "log audit.example/logs/main+…\nquorum none\n";
  const node = await faultyNode(
    (_, response) => json(response, 200, { policy: text }),
    (_, response) => json(response, 200, { policy: null }),
  );
  const { stele } = client([node]);
  expect([await stele.policy(), await stele.policy()]).toEqual([text, undefined]);
  expect(node.requests[0]!.url).toBe("/v1/logs/main/policy");
});
