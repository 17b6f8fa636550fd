import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stele, type Finished } from "../../packages/cli/src/testing/stele-process.ts";
import { Scene, type LogFiles } from "./scene.ts";
import { STORED_ATTACKS } from "./stored-attacks.ts";

let scene: Scene;
/** Where a verifier keeps what it saw of the honest log. */
let memory: string;

beforeAll(async () => {
  scene = await Scene.make();
  memory = join(scene.root, "memory");
  const honest = await verify(scene.honest, memory);
  expect(honest).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(honest.out)).toMatchObject({ verified: true, tree_size: 1_300 });
});

afterAll(async () => await scene[Symbol.asyncDispose]());

async function verify(log: LogFiles, state: string): Promise<Finished> {
  return await stele(["verify", log.dataDir, "--json", "--state", state]);
}

async function emptyMemory(): Promise<string> {
  return await mkdtemp(join(scene.root, "no-memory-"));
}

describe("stele verify of a directory", () => {
  test("the history that is not the log's is a valid log by itself", async () => {
    for (const log of [scene.rewritten, scene.yesterday]) {
      expect(await verify(log, await emptyMemory())).toMatchObject({ code: 0 });
    }
  });

  test.each(STORED_ATTACKS)("$name", async ({ tells, code, names, mount }) => {
    const log = await scene.copy();
    await mount(log, scene);
    const alone = await verify(log, await emptyMemory());
    if (tells === "memory") expect(alone).toMatchObject({ code: 0 });
    const found = tells === "memory" ? await verify(log, memory) : alone;
    const { error } = JSON.parse(found.err) as { error: { code: string; message: string } };
    expect({ exit: found.code, code: error.code }).toEqual({ exit: 3, code });
    expect(error.message).toMatch(names);
  });
});
