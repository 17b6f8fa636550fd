import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stele, type Finished } from "../../packages/cli/src/testing/stele-process.ts";
import { STORE_ATTACKS } from "./store-attacks.ts";
import { StoreScene, type StoreFiles } from "./store-scene.ts";

let scene: StoreScene;
let memory: string;

beforeAll(async () => {
  scene = await StoreScene.make();
  memory = join(scene.root, "memory");
  const { code, out, err } = await verify(scene.honest, memory);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out)).toMatchObject({ verified: true, target: "store", tree_size: 1_300 });
});

afterAll(async () => await scene[Symbol.asyncDispose]());

async function verify(store: StoreFiles, state: string): Promise<Finished> {
  return await stele(["verify", store.url, "--json", "--state", state]);
}

describe("stele verify of a store", () => {
  test.each(STORE_ATTACKS)("$name", async ({ tells, code, names, mount }) => {
    const store = await scene.copy();
    await mount(store);
    const alone = await verify(store, await mkdtemp(join(scene.root, "no-memory-")));
    if (tells === "memory") expect(alone).toMatchObject({ code: 0 });
    const found = tells === "memory" ? await verify(store, memory) : alone;
    const { error } = JSON.parse(found.err) as { error: { code: string; message: string } };
    expect({ exit: found.code, code: error.code }).toEqual({ exit: 3, code });
    expect(error.message).toMatch(names);
  });
});
