import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { someEvents } from "../testing/scratch-node.ts";
import { startServe, stele, SteleProcess } from "../testing/stele-process.ts";

/** A node, and another one with the same key on a copy of its directory, to which other events were appended. */
let directory: string;
let honest: Awaited<ReturnType<typeof startServe>>;
let forked: Awaited<ReturnType<typeof startServe>>;

const run = async (parameters: readonly string[], stdin = "") =>
  await stele(parameters, { cwd: directory, stdin, env: { XDG_STATE_HOME: join(directory, "xdg") } });
const append = async (url: string, count: number, seed: number) =>
  await run(["append", "--url", url], someEvents(count, seed).join("\n"));
const main = (url: string) => `${url}/logs/main`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-monitor-"));
  honest = await startServe(join(directory, "a"));
  await append(honest.url, 300, 1);
  await honest.process.stop();
  await cp(join(directory, "a"), join(directory, "b"), { recursive: true });
  honest = await startServe(join(directory, "a"));
  forked = await startServe(join(directory, "b"));
  await append(honest.url, 50, 2);
  await append(forked.url, 80, 3);
});

afterAll(async () => {
  await Promise.all([honest.process.stop(), forked.process.stop()]);
  await rm(directory, { recursive: true, force: true });
});

test("a node, trusted on first use, then remembered", async () => {
  const first = await run(["monitor", honest.url, "--once"]);
  expect([first.code, first.out]).toEqual([
    0,
    expect.stringContaining("350 entries consistent, 350 entries hashed"),
  ]);
  expect(first.err).toContain(`on trust this first time: ${honest.vkey}`);
  const second = await run(["monitor", main(honest.url), "--once", "--json"]);
  expect(second).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(second.out)).toMatchObject({ event: "checkpoint", tree_size: 350, entries_hashed: 350 });
});

test("two nodes that show two histories: a proof, which verify confirms off line", async () => {
  const urls = [main(honest.url), main(forked.url)];
  const parameters = ["monitor", ...urls, "--key", honest.vkey, "--state", "split", "--json"];
  const found = await run([...parameters, "--every", "100ms"]);
  expect(found.code).toBe(3);
  const alarm = JSON.parse(found.out.split("\n")[0]!);
  expect(alarm).toMatchObject({ event: "alarm", severity: "critical", code: "log_misbehaved" });
  const { file } = alarm.evidence;
  expect(await readFile(file, "utf8")).toBe(alarm.evidence.misbehaviour);

  const confirmed = await run(["verify", file, "--key", honest.vkey, "--json"]);
  expect(confirmed.code).toBe(3);
  expect(JSON.parse(confirmed.out)).toMatchObject({
    target: "misbehaviour",
    misbehaved: true,
    older: { tree_size: 350 },
    newer: { tree_size: 380 },
  });
  expect(confirmed.err).toContain("log_misbehaved");
  const people = await run(["verify", file, "--key", honest.vkey]);
  expect([people.code, people.out]).toEqual([3, expect.stringContaining("✗ the log misbehaved")]);

  // Whoever does not know the key learns nothing; a changed file proves nothing.
  expect(await run(["verify", file, "--state", "none"])).toMatchObject({ code: 1, out: "" });
  const text = await readFile(file, "utf8");
  for (const changed of [
    text.replace("\n350\n", "\n349\n"),
    text.replace("prefix ", "prefix"),
    text.slice(0, -9),
  ]) {
    await writeFile(join(directory, "changed"), changed);
    expect(await run(["verify", "changed", "--key", honest.vkey])).toMatchObject({ code: 1, out: "" });
  }

  // It stays convicted, though only one view is shown now.
  expect(await run(["monitor", urls[0]!, "--key", honest.vkey, "--state", "split", "--once"])).toMatchObject({
    code: 3,
  });
});

test("a log that goes on elsewhere, seen at one URL over a restart", async () => {
  const parameters = ["--key", honest.vkey, "--state", "rewritten", "--once", "--json"];
  const port = new URL(honest.url).port;
  const data = join(directory, "a");
  const before = await run(["monitor", main(honest.url), ...parameters]);
  expect(before.code).toBe(0);
  await honest.process.stop();
  await cp(join(directory, "b"), join(directory, "c"), { recursive: true });
  const other = await startServe(join(directory, "c"), ["--port", port]);
  try {
    expect(other.url).toBe(honest.url);
    const after = await run(["monitor", main(honest.url), ...parameters]);
    expect([after.code, after.out]).toEqual([3, expect.stringContaining("log_misbehaved")]);
  } finally {
    await other.process.stop();
    honest = await startServe(data);
  }
});

test("another log at the URL, made anew with a name and a key of its own, is not trusted on first use again", async () => {
  const parameters = ["monitor", main(honest.url), "--state", "replaced", "--once"];
  expect(await run(parameters)).toMatchObject({ code: 0 });
  const port = new URL(honest.url).port;
  await honest.process.stop();
  const other = await startServe(join(directory, "wiped"), ["--port", port]);
  try {
    const after = await run(parameters);
    expect([after.code, after.err]).toEqual([3, expect.stringContaining("when it was last verified")]);
    expect(await run([...parameters, "--key", other.vkey])).toMatchObject({ code: 0 });
  } finally {
    await other.process.stop();
    honest = await startServe(join(directory, "a"));
  }
});

test("goes on until Ctrl-C, and with --keep-going beyond a conviction", async () => {
  const follow = ["--key", honest.vkey, "--every", "50ms", "--json"];
  const env = { XDG_STATE_HOME: join(directory, "xdg") };
  const options = { cwd: directory, env };
  const following = new SteleProcess(["monitor", main(honest.url), ...follow, "--state", "follow"], options);
  expect(JSON.parse(await following.line())).toMatchObject({ event: "checkpoint", tree_size: 350 });
  await append(honest.url, 5, 4);
  let grown = JSON.parse(await following.line());
  while (grown.entries_hashed < 355) grown = JSON.parse(await following.line());
  expect(grown).toMatchObject({ tree_size: 355 });
  expect(await following.stop("SIGINT")).toMatchObject({ code: 0, err: "" });

  const urls = [main(honest.url), main(forked.url)];
  const going = new SteleProcess(
    ["monitor", ...urls, ...follow, "--state", "going", "--keep-going"],
    options,
  );
  expect(JSON.parse(await going.line())).toMatchObject({ code: "log_misbehaved" });
  expect(JSON.parse(await going.line())).toMatchObject({ event: "checkpoint" });
  expect(await going.stop("SIGINT")).toMatchObject({ code: 0 });
});

test("a policy says whose signatures are needed", async () => {
  const policy = async (lines: readonly string[]) => {
    await writeFile(join(directory, "policy"), `${lines.join("\n")}\n`);
    const parameters = ["--policy", "policy", "--state", "policy-state", "--once", "--json"];
    return await run(["monitor", main(honest.url), ...parameters]);
  };
  const log = `log ${honest.vkey}`;
  expect(await policy([log, "quorum none"])).toMatchObject({ code: 0 });
  const witness = "witness w witness.example/w+54610131+BO1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR";
  expect(await policy([log, witness, "quorum w"])).toMatchObject({
    code: 1,
    out: expect.stringContaining("cosignatures_too_few"),
  });
});

test("follows the log over a change of its key", async () => {
  const data = join(directory, "keys");
  const node = await startServe(data);
  const env = { XDG_STATE_HOME: join(directory, "xdg") };
  const key = async (command: string) => await run(["key", command, "--url", node.url]);
  const parameters = [main(node.url), "--key", node.vkey, "--state", "keys-state", "--json"];
  try {
    await append(node.url, 10, 1);
    const following = new SteleProcess(["monitor", ...parameters, "--every", "50ms"], {
      cwd: directory,
      env,
    });
    const hashed = async (entries: number) => {
      let told = JSON.parse(await following.line());
      while (told.entries_hashed !== entries) {
        // Nobody is to be woken for a key that was changed as it should be.
        expect(told.event).toBe("checkpoint");
        told = JSON.parse(await following.line());
      }
    };
    await hashed(10);
    expect(await key("rotate")).toMatchObject({ code: 0 });
    await append(node.url, 10, 2);
    await hashed(20);
    expect(await key("retire")).toMatchObject({ code: 0 });
    await append(node.url, 10, 3);
    await hashed(30);
    expect(await following.stop("SIGINT")).toMatchObject({ code: 0, err: "" });
    // From any key of the log, and from what was remembered.
    expect(await run(["monitor", ...parameters, "--once"])).toMatchObject({ code: 0 });
    expect(await run(["monitor", node.url, "--state", "keys-state", "--once"])).toMatchObject({
      code: 0,
      err: "",
    });
  } finally {
    await node.process.stop();
  }
});

test("says what is wrong with the command line, or with what is there", async () => {
  const once = ["--once", "--state", "wrong"];
  expect(await run(["monitor", honest.url, "--key", honest.vkey, ...once])).toMatchObject({
    code: 1,
    // And not that nothing is consistent.
    out: expect.stringMatching(new RegExp(`^[^✓]* give ${honest.url}/logs/<name>\n$`)),
  });
  expect(await run(["monitor", "http://127.0.0.1:9", ...once])).toMatchObject({ code: 1 });
  expect(await run(["monitor", "ftp://a", "--key", honest.vkey, ...once])).toMatchObject({ code: 1 });
  const stranger = "log.example/a+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  expect(await run(["monitor", main(honest.url), "--key", stranger, ...once])).toMatchObject({ code: 2 });
});
