import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  encodeBase64,
  encodeUtf8,
  formatEntryBundle,
  formatTilePath,
  leafHash,
  rootOfLeaves,
  TILE_WIDTH,
} from "@stele/proof";
import { expect, it } from "vitest";
import { Ledger } from "./ledger.ts";
import { auditLog, type LogAudit } from "./log-audit.ts";

// A checker that finds nothing is worth nothing: each kind of fault is planted.

const entryOf = (id: string) => encodeUtf8(JSON.stringify({ v: 1, id }));

/** Audits a log with these entries, as Stele's own code would serve it. */
async function audit(ids: readonly string[], ledger: Ledger): Promise<LogAudit> {
  const entries = ids.map(entryOf);
  const root = encodeBase64(rootOfLeaves(entries.map((entry) => leafHash(entry))));
  const resources = new Map<string, Uint8Array>([
    ["checkpoint", encodeUtf8(`test.invalid/logs/main\n${ids.length}\n${root}\n\n— a signature\n`)],
  ]);
  for (let from = 0; from < ids.length; from += TILE_WIDTH) {
    const bundle = entries.slice(from, from + TILE_WIDTH);
    const path = formatTilePath({ level: "entries", index: from / TILE_WIDTH, width: bundle.length });
    resources.set(path, formatEntryBundle(bundle));
  }
  const server = createServer((request, response) => {
    const body = resources.get(request.url!.replace("/logs/main/", ""));
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await auditLog(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ledger);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A ledger of events that were acknowledged one after the other, and their ids. */
function acknowledged(count: number): { ledger: Ledger; ids: string[] } {
  const ledger = new Ledger("run", count + 10);
  const ids = ledger.send(count).map((number) => ledger.idOf(number));
  for (const [number, id] of ids.entries()) {
    ledger.acknowledge(number, { index: number, leafHash: encodeBase64(leafHash(entryOf(id))) }, 0);
  }
  return { ledger, ids };
}

const SOUND = { lost: 0, doubled: 0, misplaced: 0, foreign: 0, examples: [] };

it.each([1, 2, 255, 256, 257, 1_000])(
  "finds nothing in a log of %i events as it was acknowledged",
  async (n) => {
    const { ledger, ids } = acknowledged(n);
    expect(await audit(ids, ledger)).toEqual({ treeSize: n, ...SOUND });
  },
);

it("holds nothing against a log for what it never acknowledged, whether it has it or not", async () => {
  const { ledger, ids } = acknowledged(300);
  const [number] = ledger.send(1) as [number];
  expect(await audit(ids, ledger)).toMatchObject(SOUND);
  expect(await audit([...ids, ledger.idOf(number)], ledger)).toMatchObject(SOUND);
});

it("finds what is lost, doubled, elsewhere, or nobody's", async () => {
  const { ledger, ids } = acknowledged(300);
  expect(await audit(ids.slice(0, 299), ledger)).toMatchObject({ lost: 1, examples: ["lost: run-299"] });
  expect(await audit([...ids, "run-7"], ledger)).toMatchObject({ lost: 0, doubled: 1 });
  expect(await audit([...ids.slice(0, 298), ids[299]!, ids[298]!], ledger)).toMatchObject({ misplaced: 2 });
  expect(await audit([...ids, "run-300", "walk-7"], ledger)).toMatchObject({ foreign: 2 });
});

it("finds an entry that isn't what was acknowledged", async () => {
  const { ledger, ids } = acknowledged(2);
  const [number] = ledger.send(1) as [number];
  ledger.acknowledge(number, { index: 2, leafHash: encodeBase64(leafHash(entryOf("another"))) }, 0);
  expect(await audit([...ids, ledger.idOf(number)], ledger)).toMatchObject({ lost: 0, misplaced: 1 });
});
