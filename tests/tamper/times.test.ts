import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stele } from "../../packages/cli/src/testing/stele-process.ts";
import { SteleNode } from "../../packages/server/src/node.ts";
import { fill, SEGMENT_ENTRIES } from "./scene.ts";

/** An hour from now. Times that go back are in packages/server/src/verify/time-audit.test.ts: no node gives them. */
const AHEAD_MS = 3_600_000;

test("events that say that they were received in the future", async () => {
  const root = await mkdtemp(join(tmpdir(), "stele-times-"));
  try {
    const dataDir = join(root, "data");
    await fill(
      dataDir,
      0,
      SEGMENT_ENTRIES + 100,
      (i) => ({ action: "a.b", actor: { id: `${i}` } }),
      Date.now() + AHEAD_MS,
    );
    const { code, out } = await stele(["verify", dataDir, "--json", "--state", join(root, "state")]);
    // A wrong clock is no forgery, and can't be told from one.
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ times: { future: { index: SEGMENT_ENTRIES + 99 } } });
    const people = await stele(["verify", dataDir, "--state", join(root, "state")]);
    expect(people.out).toMatch(/times +entry 611 says that it was received at .*, which is still to come/);

    const node = await SteleNode.open({
      dataDir,
      segmentEntries: SEGMENT_ENTRIES,
      sealAfterMs: Number.MAX_SAFE_INTEGER,
    });
    try {
      expect(await node.log("main")!.verification!.passNow()).toEqual([]);
      expect(node.alarms.active).toContainEqual(
        expect.objectContaining({ code: "times_implausible", severity: "warning", log: "main" }),
      );
    } finally {
      await node.close();
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
