import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { TestWitnesses } from "../../../server/src/publish/testing/witnesses.ts";
import { someEvents } from "../testing/scratch-node.ts";
import { startServe, stele, type Finished } from "../testing/stele-process.ts";

let directory: string;
let witnesses: TestWitnesses;
let served: Awaited<ReturnType<typeof startServe>>;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-witnessed-"));
  const first = await startServe(path("data"));
  await first.process.stop();
  witnesses = await TestWitnesses.start(3, [first.vkey]);
  const head = `log ${first.vkey}\n`;
  await writeFile(path("policy"), witnesses.policyText(2, head));
  await writeFile(path("all"), witnesses.policyText(3, head));
  await writeFile(path("other"), witnesses.policyText(2, head).replace(/^log .*/, "log x+00000000+AA=="));
  await witnesses.stop(2);
  served = await startServe(path("data"), ["--policy", path("policy"), "--publish-interval", "100ms"]);
  ({ url } = served);
});

afterAll(async () => {
  expect(await served.process.stop()).toMatchObject({ code: 0 });
  await witnesses.close();
  await rm(directory, { recursive: true });
});

const path = (name: string) => join(directory, name);

async function run(...parameters: string[]): Promise<Finished> {
  return await stele(parameters, { cwd: directory, env: { STELE_URL: url, XDG_STATE_HOME: path("state") } });
}

test("says how far an event got, and verifies it with the policy wherever it is", async () => {
  const appended = await stele(["append"], {
    cwd: directory,
    env: { STELE_URL: url },
    stdin: someEvents(300, 1).join("\n"),
  });
  expect(appended.code).toBe(0);
  await vi.waitFor(
    async () =>
      expect(JSON.parse((await run("get", "299", "--json")).out)).toMatchObject({ state: "witnessed" }),
    { timeout: 30_000 },
  );
  expect((await run("get", "299")).out).toMatch(/^main #299 {2}witnessed /);
  const table = await run("search", "--state", "--limit", "2");
  expect(table.out).toMatch(/^INDEX .* IP +STATE\n299 .* witnessed\n298 .* witnessed\n/);
  expect((await run("log", "list")).out).toMatch(/witnessed up to 300, published /);
  const status = await run("status");
  expect(status.out).toMatch(/witnessed up to 300\n/);
  expect(status.out).toMatch(/witness w0 \(127\.0\.0\.1:\d+\) {2}cosigned 300 entries/);
  expect(status.out).toMatch(/witness w2 .* has cosigned nothing {2}It can't be reached \(ECONNREFUSED\)/);

  expect((await run("prove", "7", "-o", "7.tlog-proof")).code).toBe(0);
  for (const [target, kind] of [
    [url, "url"],
    [path("data"), "directory"],
    [path("7.tlog-proof"), "proof"],
  ] as const) {
    const { code, out } = await run("verify", target, "--policy", path("policy"), "--json");
    expect([kind, code]).toEqual([kind, 0]);
    expect(JSON.parse(out)).toMatchObject({
      target: kind,
      key_from: "given",
      witnessed: {
        tree_size: 300,
        witnesses: [{ name: "witness.example/0" }, { name: "witness.example/1" }],
      },
    });
    const tooFew = await run("verify", target, "--policy", path("all"));
    expect([kind, tooFew.code]).toEqual([kind, 3]);
    expect(tooFew.err).toContain("less than the policy requires");
  }
  const people = await run("verify", url, "--policy", path("policy"));
  expect(people.out).toMatch(/witnessed 300 entries, as the policy demands\n +witness\.example\/0 \(20/);
});

test("what was verified in the directory and is not published yet is no truncation", async () => {
  await witnesses.stop(1);
  const input = { cwd: directory, env: { STELE_URL: url }, stdin: someEvents(5, 2).join("\n") };
  expect((await stele(["append"], input)).code).toBe(0);
  expect(JSON.parse((await run("get", "304", "--json")).out)).toMatchObject({ state: "committed" });
  const page = await run("search", "--json", "--limit", "6", "--min-index", "304");
  const states = page.out
    .trimEnd()
    .split("\n")
    .map((line): string => JSON.parse(line).state);
  expect(states).toEqual([...Array.from({ length: 5 }, () => "committed"), "witnessed"]);
  expect((await run("verify", path("data"))).code).toBe(0);
  const { code, out } = await run("verify", url, "--policy", path("policy"), "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ tree_size: 305, witnessed: { tree_size: 300 } });
  // The proof of what is not witnessed does not satisfy the policy; without it, it is a proof.
  expect((await run("prove", "304", "-o", "304.tlog-proof")).code).toBe(0);
  expect((await run("verify", "304.tlog-proof")).code).toBe(0);
  expect((await run("verify", "304.tlog-proof", "--policy", path("policy"))).code).toBe(3);
});

test("a policy that is none, or of another log, is told as what it is", async () => {
  const none = await run("verify", url, "--policy", path("other"));
  expect(none.code).toBe(2);
  expect(none.err).toMatch(/other: Line 1 of the policy: /);
  expect((await run("verify", url, "--policy", path("missing"))).err).toContain("can't be read (ENOENT)");
  const stranger = await TestWitnesses.start(1, []);
  try {
    const line = witnesses.policyText("none").match(/witness w0 (\S+)/)![1]!;
    await writeFile(path("stranger"), stranger.policyText(1));
    expect((await run("verify", url, "--policy", path("stranger"))).code).toBe(3);
    await writeFile(path("witness-as-log"), `log ${line}\nquorum none\n`);
    expect((await run("verify", url, "--policy", path("witness-as-log"))).code).toBe(2);
  } finally {
    await stranger.close();
  }
});

test("a changed policy file is taken by the running node, and a broken one refused", async () => {
  const good = await readFile(path("policy"), "utf8");
  const [log, first, second] = good.split("\n");
  await writeFile(path("policy"), `${log}\n${first}\n${second}\nquorum w0\n`);
  await vi.waitFor(async () => expect((await run("status")).out).not.toContain("witness w2"), {
    timeout: 30_000,
    interval: 500,
  });
  await writeFile(path("policy"), `${log}\nquorum w0\n`);
  await vi.waitFor(
    async () =>
      expect((await run("alarms")).out).toMatch(/policy_refused: The policy in .*policy is not taken/),
    { timeout: 30_000, interval: 500 },
  );
  expect((await run("status")).out).toContain("witness w1");
});
