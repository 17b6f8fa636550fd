import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stele, type Finished } from "../../packages/cli/src/testing/stele-process.ts";
import { formatTlogProof } from "@stele/proof";
import { HostileServer } from "./hostile-server.ts";
import { honestProof, PROOF_ATTACKS, PROOF_KEY } from "./proof-attacks.ts";
import { SEEN_ENTRIES, SERVED_ATTACKS, showSeen } from "./served-attacks.ts";

let server: HostileServer;
let root: string;

beforeAll(async () => {
  server = await HostileServer.start();
  root = await mkdtemp(join(tmpdir(), "stele-served-"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function verify(state: string): Promise<Finished> {
  return await stele(["verify", server.url, "--json", "--state", state]);
}

async function verifyProof(bytes: Uint8Array): Promise<Finished> {
  const path = join(await mkdtemp(join(root, "proof-")), "x.tlog-proof");
  await writeFile(path, bytes);
  return await stele(["verify", path, "--json", "--key", PROOF_KEY, "--state", root]);
}

describe("stele verify of what a server shows", () => {
  test.each(SERVED_ATTACKS)("$name", async ({ tells, code, names, show }) => {
    const state = await mkdtemp(join(root, "state-"));
    if (tells === "memory") {
      server.shown = await show();
      expect(await verify(await mkdtemp(join(root, "state-")))).toMatchObject({ code: 0 });
      server.shown = await showSeen();
      const before = await verify(state);
      expect(JSON.parse(before.out)).toMatchObject({ verified: true, tree_size: SEEN_ENTRIES });
    }
    server.shown = await show();
    const { code: exit, err } = await verify(state);
    const { error } = JSON.parse(err) as { error: { code: string; message: string } };
    expect({ exit, code: error.code }).toEqual({ exit: 3, code });
    expect(error.message).toMatch(names);
  });
});

describe("stele monitor of what a server shows", () => {
  const monitored = SERVED_ATTACKS.filter(({ alarm }) => alarm !== undefined);

  test.each(monitored)("$name", async ({ tells, alarm, show }) => {
    const state = await mkdtemp(join(root, "monitor-"));
    const monitor = async (): Promise<Finished> =>
      await stele([
        "monitor",
        `${server.url}/logs/main`,
        "--once",
        "--json",
        "--key",
        PROOF_KEY,
        "--state",
        state,
      ]);
    if (tells === "memory") {
      server.shown = await showSeen();
      expect(await monitor()).toMatchObject({ code: 0 });
    }
    server.shown = await show();
    const { code, out } = await monitor();
    const told = out.split("\n").filter((line) => line.startsWith('{"event":"alarm"'));
    expect(told.map((line) => (JSON.parse(line) as { code: string }).code)).toEqual([alarm]);
    // A smaller tree that is consistent contradicts nothing yet: an old copy may have answered.
    expect(code).toBe(alarm === "log_went_back" ? 1 : 3);
    if (alarm === "log_misbehaved") await expectConviction(state);
  });
});

/** What the monitor kept convicts the log without it. */
async function expectConviction(state: string): Promise<void> {
  const [proof] = (await readdir(state, { recursive: true })).filter((name) =>
    name.endsWith(".misbehaviour"),
  );
  const confirmed = await stele(["verify", join(state, proof!), "--key", PROOF_KEY, "--json"]);
  expect(confirmed).toMatchObject({ code: 3, out: expect.stringContaining("misbehav") as unknown });
}

describe("stele verify of a proof file", () => {
  test("an honest one", async () => {
    expect(await verifyProof(formatTlogProof(await honestProof()))).toMatchObject({ code: 0, err: "" });
  });

  test.each(PROOF_ATTACKS)("$name", async ({ code, forge }) => {
    const { code: exit, err } = await verifyProof(await forge(await honestProof()));
    const { error } = JSON.parse(err) as { error: { code: string } };
    expect({ exit, code: error.code }).toEqual({ exit: 3, code });
  });
});
