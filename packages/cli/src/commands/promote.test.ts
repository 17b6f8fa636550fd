import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { someEvents } from "../testing/scratch-node.ts";
import { startServe, stele, type Finished } from "../testing/stele-process.ts";

let directory: string;
/** Of events: each time other ones. */
let seed = 0;
const path = (name: string): string => join(directory, name);
const url = (name: string): string => `file://${path(name)}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-promote-"));
  expect(await run(["key", "new", path("secret")])).toMatchObject({ code: 0 });
});

afterAll(async () => await rm(directory, { recursive: true, force: true }));

async function run(parameters: readonly string[], stdin = ""): Promise<Finished> {
  return await stele(parameters, { stdin, cwd: directory, env: { XDG_STATE_HOME: path("state") } });
}

/** Serves a store, appends events there, and stops. Returns what `stele append` said. */
async function append(data: string, parameters: readonly string[], count: number): Promise<Finished> {
  const node = await startServe(path(data), parameters);
  const done = await run(["append", "--url", node.url], someEvents(count, ++seed).join("\n"));
  if (parameters.includes("--mirror")) await mirrored(node.url);
  await node.process.stop();
  return done;
}

/** Waits until the mirror of a node has everything. */
async function mirrored(nodeUrl: string): Promise<void> {
  const lag = async (): Promise<unknown> => {
    const { out } = await run(["status", "--json", "--url", nodeUrl]);
    return JSON.parse(out).logs?.[0]?.mirrors?.[0]?.lagEntries ?? out;
  };
  await expect.poll(lag, { timeout: 20_000, interval: 300 }).toBe(0);
}

const shared = (name: string): string[] =>
  `--journal ${url(name)} --key ${path("secret")} --vault-lock none --origin ${name}.example`.split(" ");

describe("a shared store and its mirror", () => {
  test("the mirror is reconciled, promoted and served; the old primary takes nothing more", async () => {
    const withMirror = [...shared("primary"), "--mirror", url("mirror"), "--segment-entries", "512"];
    expect(await append("data", withMirror, 1_000)).toMatchObject({ code: 0 });
    const reconciled = await run(["reconcile", url("mirror"), "--primary", url("primary"), "--json"]);
    expect(reconciled).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(reconciled.out)).toMatchObject({ log: "main", tree_size: 1_000, alarms: [] });

    const [commit] = (await readdir(path("mirror/logs/main/journal"))).toSorted();
    await rm(path(`mirror/logs/main/journal/${commit}`));
    const repaired = await run(["reconcile", url("mirror"), "--primary", url("primary")]);
    expect(repaired).toMatchObject({ code: 0, out: expect.stringContaining("1 copied to the mirror") });

    // More than the mirror has.
    expect(await append("data", shared("primary"), 5)).toMatchObject({ code: 0 });
    const refused = await run(["promote", url("mirror"), "--primary", url("primary"), "--quiet"]);
    expect(refused).toMatchObject({
      code: 3,
      out: "",
      err: expect.stringMatching(/5 acknowledged entries would be lost.*--accept-loss 5/),
    });
    expect(await run(["reconcile", url("mirror"), "--primary", url("primary"), "--quick"])).toMatchObject({
      code: 0,
    });

    const promoted = await run([
      "promote",
      url("mirror"),
      "--primary",
      url("primary"),
      "--data",
      path("data"),
    ]);
    expect(promoted).toMatchObject({ code: 0 });
    expect(promoted.out).toMatch(/✓ promoted main/);
    expect(promoted.out).toMatch(/fenced {4}the old primary takes nothing more, from entry 1005 on/);
    expect(promoted.out).toContain(`stele serve --journal ${url("mirror")}`);
    expect(promoted.out).not.toContain("NOT FENCED");

    expect(await append("data", shared("mirror"), 10)).toMatchObject({ code: 0 });
    const old = await append("old", shared("primary"), 3);
    expect(old.code).toBe(1);
    expect(old.err).toMatch(/fenced/);
    const back = await run(["reconcile", url("primary"), "--primary", url("mirror")]);
    expect(back).toMatchObject({ code: 1, err: expect.stringContaining("was fenced at entry 1005") });
  });

  test("without anything that shows how far the primary was, it wants to be told", async () => {
    expect(await append("data2", [...shared("p2"), "--mirror", url("m2")], 20)).toMatchObject({ code: 0 });
    await rm(path("p2"), { recursive: true });
    const refused = await run(["promote", url("m2")]);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining("--accept-loss unknown") });
    const accepted = await run(["promote", url("m2"), "--accept-loss", "unknown", "--json"]);
    expect(accepted).toMatchObject({ code: 0 });
    expect(JSON.parse(accepted.out)).toMatchObject({
      log: "main",
      tree_size: 20,
      lost: 0,
      compared_with: [],
      fencing: { kind: "not_fenced" },
    });
    // What a node of it acknowledged is on its disk.
    expect(await run(["promote", url("m2"), "--data", path("data2")])).toMatchObject({ code: 0 });
  });
});

describe("a data directory and its mirror", () => {
  test("is brought over whole, and a new one is made of the mirror", { timeout: 120_000 }, async () => {
    const parameters = ["--origin", "single.example", "--mirror", url("m3"), "--segment-entries", "512"];
    expect(await append("single", parameters, 1_200)).toMatchObject({ code: 0 });
    const reconciled = await run(["reconcile", url("m3"), "--data", path("single"), "--json"]);
    expect(reconciled).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(reconciled.out)).toMatchObject({ tree_size: 1_200, alarms: [] });
    const promoted = await run(["promote", url("m3"), "--data", path("single"), "--json"]);
    expect(promoted).toMatchObject({ code: 0 });
    const { vkey } = JSON.parse(await readFile(path("single/logs/main/log.json"), "utf8"));
    expect(JSON.parse(promoted.out)).toMatchObject({ tree_size: 1_200, vkey, lost: 0 });

    // The disk is lost, but for the key.
    const key = await readFile(path("single/logs/main/key.pem"));
    await rm(path("single"), { recursive: true });
    const unknown = ["--accept-loss", "unknown"];
    const into = await run(["promote", url("m3"), "--into", path("restored"), ...unknown]);
    expect(into).toMatchObject({ code: 0, out: expect.stringContaining("restored/logs/main/key.pem") });
    await writeFile(path("restored/logs/main/key.pem"), key, { mode: 0o600 });
    expect(await run(["verify", path("restored")])).toMatchObject({ code: 0 });
    expect(await append("restored", ["--mirror", url("m4")], 30)).toMatchObject({ code: 0 });
    expect(await run(["reconcile", url("m4"), "--data", path("restored")])).toMatchObject({ code: 0 });
    const again = await run(["promote", url("m3"), "--into", path("restored"), ...unknown]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("never replaced") });
  });

  test("reconcile has to be told of one primary", async () => {
    for (const parameters of [[], ["--data", "x", "--primary", "y"]]) {
      expect(await run(["reconcile", url("m3"), ...parameters])).toMatchObject({ code: 2 });
    }
  });
});
