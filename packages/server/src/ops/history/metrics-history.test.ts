import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MetricsHistory } from "./metrics-history.ts";

const START_MS = 1_800_000_000_000;

let directory: string;
let path: string;
let failures: string[];
let nowMs: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-history-"));
  path = join(directory, "history");
  failures = [];
  nowMs = START_MS;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (treeSize: number): Promise<MetricsHistory> =>
  MetricsHistory.open({
    path,
    sample: () => [{ name: "tree_size", labels: { log: "main" }, value: treeSize }],
    nowMs: () => nowMs,
    onFailure: (what, error) =>
      failures.push(`${what}: ${error instanceof Error && "code" in error ? String(error.code) : ""}`),
  });

/** Takes one figure, as a node does that runs for a moment. */
async function run(treeSize: number): Promise<readonly number[]> {
  const history = await open(treeSize);
  history.start();
  await history.close();
  const [series] = history.read("1h").series;
  return [...series!.values];
}

it("is kept over restarts, with nulls for the time between", async () => {
  await run(1);
  nowMs += 30_000;
  expect((await run(2)).slice(-5)).toEqual([NaN, 1, NaN, NaN, 2]);
  expect(failures).toEqual([]);
});

it.each([
  ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  [
    "with a bit changed",
    (bytes: Buffer) => bytes.map((byte, i) => (i === bytes.length - 9 ? byte ^ 1 : byte)),
  ],
  ["of something else", () => Buffer.from("hello\n")],
  ["empty", () => Buffer.alloc(0)],
])("puts a file aside that is %s, and begins anew", async (_, damage) => {
  await run(1);
  const damaged = damage(await readFile(path));
  await writeFile(path, damaged);
  nowMs += 10_000;
  expect((await run(2)).filter((value) => !Number.isNaN(value))).toEqual([2]);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(/^reading the metrics history .*: history_malformed$/);
  expect(await readdir(directory)).toEqual(["history", "history.damaged"]);
  expect(await readFile(join(directory, "history.damaged"))).toEqual(Buffer.from(damaged));
});

it("goes on if it can't be kept", async () => {
  const history = await open(1);
  history.start();
  await rm(directory, { recursive: true });
  await history.close();
  expect(failures).toEqual(["keeping the metrics history: ENOENT"]);
  expect([...history.read("1h").series]).toHaveLength(1);
});
