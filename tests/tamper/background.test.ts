import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SteleNode } from "../../packages/server/src/node.ts";
import { Scene, SEGMENT_ENTRIES, type LogFiles } from "./scene.ts";
import { STORED_ATTACKS } from "./stored-attacks.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.make();
});

afterAll(async () => await scene[Symbol.asyncDispose]());

async function open(log: LogFiles, memory: string): Promise<SteleNode> {
  return await SteleNode.open({
    dataDir: log.dataDir,
    segmentEntries: SEGMENT_ENTRIES,
    sealAfterMs: Number.MAX_SAFE_INTEGER,
    verifierDirectory: memory,
  });
}

async function pass(node: SteleNode) {
  return await node.log("main")!.verification!.passNow();
}

describe("the verifier in a node", () => {
  test.each(STORED_ATTACKS)("$name", async ({ code: told, foundAs = told, isOffline, mount }) => {
    const log = await scene.copy();
    const memory = await mkdtemp(join(scene.root, "memory-"));
    let node = await open(log, memory);
    try {
      expect(await pass(node)).toEqual([]);
      if (isOffline) await node.close();
      await mount(log, scene);
      if (isOffline) node = await open(log, memory);
      const findings = await pass(node);
      const found = findings.find(({ code, place }) => code === foundAs && place.includes(log.log));
      expect(found, JSON.stringify(findings)).toBeDefined();
      const alarm = node.alarms.active.find(({ subject }) => subject === `${found!.place}: ${foundAs}`);
      expect(alarm).toMatchObject({ code: "verification_failed", severity: "critical", log: "main" });
    } finally {
      // With its files taken away, it may not close as it should; that is not what this is about.
      await Promise.allSettled([node.close()]);
    }
  });
});
