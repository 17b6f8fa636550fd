import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatVerifierKey, makeVerifierKey } from "@stele/proof";
import { afterAll, beforeAll, expect, test } from "vitest";
import { someEvents } from "../testing/scratch-node.ts";
import { startServe, stele, type Finished } from "../testing/stele-process.ts";

let directory: string;
let seed = 100;
const path = (name: string): string => join(directory, name);
const url = (name: string): string => `file://${path(name)}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-key-"));
});

afterAll(async () => await rm(directory, { recursive: true, force: true }));

async function run(parameters: readonly string[], stdin = "", state = "state"): Promise<Finished> {
  return await stele(parameters, { stdin, cwd: directory, env: { XDG_STATE_HOME: path(state) } });
}

/** What a command printed, which must have succeeded. */
async function ok(parameters: readonly string[], stdin = "", state = "state"): Promise<string> {
  const { code, out, err } = await run(parameters, stdin, state);
  expect({ parameters, code, err: code === 0 ? "" : err }).toEqual({ parameters, code: 0, err: "" });
  return out;
}

test("a key is rotated and retired, verified from everywhere, mirrored and promoted", async () => {
  for (const name of ["old", "new"]) await ok(["key", "new", path(name)]);
  const parameters = (keys: readonly string[]): string[] => [
    ...`--journal ${url("primary")} --vault-lock none --origin keys.example --mirror ${url("mirror")}`.split(
      " ",
    ),
    ...keys.flatMap((key) => ["--key", path(key)]),
  ];
  const append = async (nodeUrl: string): Promise<string> =>
    await ok(["append", "--url", nodeUrl], someEvents(5, ++seed).join("\n"));
  const before = await startServe(path("data"), parameters(["old"]));
  const first = before.vkey;
  await append(before.url);
  await ok(["prove", "2", "-o", "before.tlog-proof", "--url", before.url]);
  await before.process.stop();

  const node = await startServe(path("data"), parameters(["new", "old"]));
  const at = ["--url", node.url];
  await ok(["key", "rotate", ...at]);
  const early = await run(["key", "retire", ...at]);
  expect(early).toMatchObject({ code: 1 });
  expect(early.err).toContain("Append an event, then retire");
  await append(node.url);
  expect(await ok(["key", "retire", ...at])).toContain("sizes 0 to 10, retired");
  await append(node.url);
  const newest = (await ok(["key", "show", ...at])).trim();
  expect(newest).not.toBe(first);

  for (const [key, state] of [
    [first, "state"],
    [newest, "state"],
    [first, "other"],
  ] as const) {
    expect(await ok(["verify", `${node.url}/logs/main`, "--key", key], "", state)).toContain(newest);
  }
  const foreign = formatVerifierKey(makeVerifierKey("keys.example/logs/main", 1, randomBytes(32)));
  expect((await run(["verify", `${node.url}/logs/main`, "--key", foreign])).code).toBe(3);
  await ok(["prove", "12", "-o", "after.tlog-proof", "--key", first, ...at]);
  await ok(["verify", "before.tlog-proof", "--key", first], "", "offline");
  // Off line, and never seen before: the old key alone does not know the new one.
  expect((await run(["verify", "after.tlog-proof", "--key", first], "", "offline")).code).toBe(3);
  await writeFile(path("keys.json"), await ok(["key", "list", "--json", ...at]));
  await ok(["verify", "after.tlog-proof", "--key", first, "--keys", "keys.json"], "", "offline");
  await ok(["get", "12", "--proof", "--key", first, ...at]);

  const arrived = async (): Promise<unknown> => {
    const status = JSON.parse(await ok(["status", "--json", ...at])) as {
      logs: { mirrors: { lagEntries: number }[] }[];
    };
    return status.logs[0]!.mirrors[0]!.lagEntries;
  };
  await expect.poll(arrived, { timeout: 60_000, interval: 300 }).toBe(0);
  await node.process.stop();
  for (const store of ["primary", "mirror"]) {
    expect((await readdir(join(path(store), "logs", "main", "keys"))).toSorted()).toEqual(["1", "2"]);
    expect(await ok(["verify", url(store), "--key", first])).toContain(newest);
  }
  await rm(join(path("mirror"), "logs", "main", "keys", "2"));
  expect(await ok(["reconcile", url("mirror"), "--primary", url("primary")])).toContain("the same");
  await ok([
    "promote",
    url("mirror"),
    "--primary",
    url("primary"),
    "--into",
    path("restored"),
    "--key",
    first,
  ]);
  expect(await ok(["verify", path("restored"), "--key", first])).toContain(newest);
  expect(await readFile(join(path("restored"), "logs", "main", "keys", "1"), "utf8")).toMatch(
    /^stele\.succession\/v1\nkeys\.example\/logs\/main\n/,
  );
  // The key comes from where it came from before: the restored directory goes on with it.
  const restored = await startServe(path("restored"), ["--key", path("new")]);
  await append(restored.url);
  await restored.process.stop();
  expect(await ok(["verify", path("restored"), "--key", first])).toMatch(
    /signed statements lead to it from the one given[^]*20 entries/,
  );
}, 300_000);

test("what a node calls itself does not command the terminal", async () => {
  const hostile = "a\u001b[2J\u009b31m\u202e+12345678+AAAA";
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    const log = { name: "main", origin: hostile, vkey: hostile, tree_size: 0, root: "", checkpoint: "" };
    response.end(JSON.stringify({ ...log, logs: [log], keys: [], statements: [] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const { out } = await run(["key", "show", "--url", `http://127.0.0.1:${port}`]);
    expect(out).toContain("31m");
    expect(out.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  } finally {
    server.close();
  }
});
