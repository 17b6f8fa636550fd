import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stele, type Finished } from "../../packages/cli/src/testing/stele-process.ts";
import { KEY_ATTACKS, RETIRED_AT, ROTATED_AT } from "./key-attacks.ts";
import { Scene, type LogFiles } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.makeRotated(ROTATED_AT, RETIRED_AT);
});

afterAll(async () => await scene[Symbol.asyncDispose]());

async function verify(log: LogFiles): Promise<Finished> {
  const state = await mkdtemp(join(scene.root, "state-"));
  return await stele(["verify", log.dataDir, "--json", "--state", state, "--key", await log.vkey()]);
}

describe("stele verify, with a log's first key", () => {
  test("the succession leads to the newest", async () => {
    const { code, out, err } = await verify(scene.honest);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { vkey } = JSON.parse(out) as { vkey: string };
    expect(vkey).not.toBe(await scene.honest.vkey());
  });

  test.each(KEY_ATTACKS)("$name", async ({ code, names, mount }) => {
    const log = await scene.copy();
    await mount(log);
    const found = await verify(log);
    const { error } = JSON.parse(found.err) as { error: { code: string; message: string } };
    expect({ exit: found.code, code: error.code }).toEqual({ exit: 3, code });
    expect(error.message).toMatch(names);
  });
});
