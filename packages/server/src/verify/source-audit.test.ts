import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { event, serveNode, submit, type ServedNode } from "../http/testing/served-node.ts";
import type { SourcesJson } from "../sources/source-json.ts";
import { verifyRemoteLog } from "./verify-url.ts";

let served: ServedNode;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-verify-sources-"));
  served = await serveNode();
  const seqs = [1, 2, 5, 5, 9];
  await submit(
    served.url,
    seqs.flatMap((seq) => [event({ source: { id: "a", seq } }), event({ source: { id: "b", seq: 0 } })]),
  );
});
afterAll(async () => {
  await served.close();
  await rm(directory, { recursive: true });
});

async function verify(change: (page: SourcesJson) => object | undefined) {
  const { origin, vkey } = served.node.log("main")!;
  return await verifyRemoteLog(
    {
      url: served.url,
      origin,
      vkey,
      statements: [],
      fetch: async (path) => (await fetch(`${served.url}/logs/main/${path}`)).bytes(),
      fetchSources: async (after, limit) => {
        const query = new URLSearchParams({ limit: String(limit), ...(after !== undefined && { after }) });
        const response = await fetch(`${served.url}/v1/logs/main/sources?${query.toString()}`);
        return change((await response.json()) as SourcesJson);
      },
    },
    { key: vkey, stateDirectory: join(directory, "state") },
  );
}

it("recomputes what the node says of its sources", async () => {
  await expect.poll(() => served.node.log("main")!.sources.isLoading).toBe(false);
  const { sources } = await verify((page) => page);
  expect(sources).toMatchObject({ count: 2, withGaps: 1, missing: 5, duplicates: 5, compared: 2 });
  expect(sources!.incomplete.map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await verify(() => undefined)).sources).toMatchObject({ count: 2, withGaps: 1 });
});

it.each<[string, (page: SourcesJson) => object]>([
  ["a gap that is hidden", (page) => ({ ...page, sources: page.sources.map((s) => ({ ...s, gaps: [] })) })],
  ["a source that is left out", (page) => ({ ...page, total: 1, sources: page.sources.slice(1) })],
  ["another watermark", (page) => ({ ...page, sources: page.sources.map((s) => ({ ...s, watermark: 9 })) })],
  ["another count", (page) => ({ ...page, total: 3 })],
])("finds %s", async (_, change) => {
  await expect(verify(change)).rejects.toMatchObject({ code: "sources_wrong" });
});
