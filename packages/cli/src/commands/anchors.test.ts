import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OpensslTsa, whyNoOpenssl } from "../../../server/src/anchor/testing/openssl-tsa.ts";
import { ScratchNode, someEvents } from "../testing/scratch-node.ts";
import { stele } from "../testing/stele-process.ts";

const missing = whyNoOpenssl();

describe.skipIf(missing !== undefined)(`stele with --tsa${missing ? `: skipped, ${missing}` : ""}`, () => {
  let directory: string;
  let tsa: OpensslTsa;
  let ca: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "stele-tsa-cli-"));
    tsa = await OpensslTsa.start();
    ca = join(directory, "ca.pem");
    await writeFile(ca, await tsa.ca());
  });
  afterEach(async () => {
    await tsa.stop();
    await rm(directory, { recursive: true });
  });

  const verify = async (data: string, ...flags: string[]) => {
    const state = ["--state", join(directory, "state")];
    const { code, out, err } = await stele(["verify", data, "--json", ...state, ...flags]);
    return { code, err, anchors: (JSON.parse(out || "{}") as { anchors?: object }).anchors };
  };

  it("has checkpoints time-stamped, carries them to mirrors, and verifies both", async () => {
    const mirror = join(directory, "mirror");
    const flags = ["--tsa", tsa.url, "--tsa-ca", ca, "--anchor-every", "1s", "--mirror", `file://${mirror}`];
    const node = await ScratchNode.start([...flags, "--reconcile-every", "1s"]);
    await node.run(["append"], { stdin: someEvents(30, 1).join("\n") });
    const log = join(node.data, "logs", "main");
    await expect.poll(() => anchorsIn(log), { timeout: 50_000 }).toBeGreaterThan(0);
    const mirrored = join(mirror, "logs", "main");
    await expect.poll(() => anchorsIn(mirrored), { timeout: 50_000 }).toBeGreaterThan(0);
    const copy = join(directory, "copy");
    const found = { kept: 1, timestamps: 1, newest: { tree_size: 30, authority: "CN=tsa" } };

    expect(await verify(node.data, "--tsa-ca", ca)).toMatchObject({
      code: 0,
      anchors: { ...found, authenticated: 1 },
    });
    expect(await verify(node.data)).toMatchObject({ code: 0, anchors: { ...found, authenticated: 0 } });
    expect(await verify(`file://${mirror}`, "--tsa-ca", ca)).toMatchObject({ code: 0, anchors: found });
    await cp(node.data, copy, { recursive: true });
    await node.stop();

    const restored = join(directory, "restored");
    const how = ["--into", restored, "--accept-loss", "unknown", "--state", join(directory, "state")];
    const promoted = await stele(["promote", `file://${mirror}`, ...how]);
    expect(promoted).toMatchObject({ code: 0 });
    expect(await anchorsIn(join(restored, "logs", "main"))).toBe(1);

    const [size] = await readdir(join(copy, "logs", "main", "anchors"));
    const anchor = join(copy, "logs", "main", "anchors", size!);
    await rm(join(anchor, "checkpoint"));
    expect(await verify(copy, "--tsa-ca", ca)).toMatchObject({
      code: 3,
      err: expect.stringContaining("anchor_incomplete") as unknown,
    });
    await rm(anchor, { recursive: true });
    expect(await verify(copy, "--tsa-ca", ca)).toMatchObject({ code: 0, anchors: undefined });
  });

  it("wants what belongs together together", async () => {
    for (const flags of [
      ["--tsa-ca", ca],
      ["--anchor-every", "1h"],
    ]) {
      expect((await stele(["serve", "--data", join(directory, "data"), ...flags])).code).toBe(2);
    }
    const { code, err } = await stele([
      "serve",
      "--data",
      join(directory, "data"),
      "--tsa",
      "https://u:secret@x/",
    ]);
    expect([code, err]).toEqual([1, expect.not.stringContaining("secret")]);
  });
});

async function anchorsIn(log: string): Promise<number> {
  try {
    const [size] = await readdir(join(log, "anchors"));
    const names = size === undefined ? [] : await readdir(join(log, "anchors", size));
    return names.filter((name) => name.endsWith(".tsr")).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
