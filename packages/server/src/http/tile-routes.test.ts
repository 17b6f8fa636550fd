import { gunzipSync } from "node:zlib";
import { get as httpGet } from "node:http";
import { formatTilePath, noteVerifier, TileReader, tilesBetween, verifyCheckpoint } from "@stele/proof";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { event, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";
import { acceptsGzip } from "./tile-routes.ts";

const ENTRIES = 700;
let served: ServedNode;
let main: string;

beforeAll(async () => {
  served = await serveNode();
  main = `${served.url}/logs/main`;
  await submit(
    served.url,
    Array.from({ length: ENTRIES }, (_, i) => event({ id: `${i}` })),
  );
});
afterAll(() => served.close());

describe("the checkpoint", () => {
  it("is the signed note of the head, and not to be kept", async () => {
    const response = await fetch(`${main}/checkpoint`);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const note = new Uint8Array(await response.arrayBuffer());
    const checkpoint = verifyCheckpoint(note, noteVerifier(served.node.log("main")!.vkey));
    expect(checkpoint).toMatchObject({ treeSize: ENTRIES, origin: served.node.log("main")!.origin });
  });
});

describe("tiles", () => {
  it("can be audited by who knows tlog-tiles alone", async () => {
    const log = served.node.log("main")!;
    const checkpoint = verifyCheckpoint(log.head().note, noteVerifier(log.vkey));
    const reader = new TileReader(
      checkpoint,
      async (path) => new Uint8Array(await (await fetch(`${main}/${path}`)).arrayBuffer()),
    );
    const indexes: number[] = [];
    for await (const { leafIndex } of reader.readEntries(0, ENTRIES)) indexes.push(leafIndex);
    expect(indexes).toEqual(Array.from({ length: ENTRIES }, (_, i) => i));
  });

  it("are there for every size up to the head, and can be kept for ever", async () => {
    const resources = [...tilesBetween(0, ENTRIES), ...tilesBetween(0, 300), ...tilesBetween(0, 1)];
    for (const tile of resources) {
      const response = await fetch(`${main}/${formatTilePath(tile)}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect((await response.arrayBuffer()).byteLength).toBe(tile.width * 32);
    }
  });

  it("of entries are compressed for who takes that", async () => {
    const path = `${main}/tile/entries/000`;
    const plain = await rawGet(path, {});
    const zipped = await rawGet(path, { "accept-encoding": "gzip, identity" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(zipped.headers.vary).toBe("accept-encoding");
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
    expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
    const hashes = await rawGet(`${main}/tile/0/000`, { "accept-encoding": "gzip" });
    expect(hashes.headers["content-encoding"]).toBeUndefined();
  });

  it.each([
    "tile/0/003",
    "tile/0/002",
    "tile/0/002.p/189",
    "tile/1/000.p/3",
    "tile/2/000.p/1",
    "tile/entries/002",
  ])("that the head does not have: %s", async (path) => {
    expect(await refusal(await fetch(`${main}/${path}`))).toMatchObject({
      status: 404,
      error: { code: "tile_unknown" },
    });
  });

  it.each([
    "tile/0/0",
    "tile/00/000",
    "tile/64/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/x000/000",
    "tile/e/000",
    "tile/",
  ])("that are none: %s", async (path) => {
    expect(await refusal(await fetch(`${main}/${path}`))).toMatchObject({
      status: 400,
      error: { code: "tile_path_malformed" },
    });
  });

  it("are for private caches only when tokens are required", async () => {
    const guarded = await serveNode();
    try {
      await submit(guarded.url, [event()]);
      const authorization = `Bearer ${await guarded.token("reader")}`;
      const response = await fetch(`${guarded.url}/logs/main/tile/0/000.p/1`, { headers: { authorization } });
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    } finally {
      await guarded.close();
    }
  });
});

it.each([
  [undefined, false],
  ["", false],
  ["identity", false],
  ["gzip", true],
  ["br, gzip;q=0.5", true],
  ["GZIP", true],
  ["x-gzip", true],
  ["gzip;q=0", false],
  ["gzip; q=0.0, *", false],
  ["*", true],
  ["*;q=0", false],
  ["notgzip", false],
])("Accept-Encoding %j takes gzip: %s", (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});

/** Without what `fetch` adds and undoes. */
async function rawGet(url: string, headers: Record<string, string>) {
  return await new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    httpGet(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    }).on("error", reject);
  });
}
