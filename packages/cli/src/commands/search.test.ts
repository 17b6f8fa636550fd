import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode, someEvents } from "../testing/scratch-node.ts";
import { SteleProcess } from "../testing/stele-process.ts";

let node: ScratchNode;

beforeAll(async () => {
  node = await ScratchNode.start();
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

describe("search, get, tail", () => {
  test("a table for people, lines for programs, in the order asked for", async () => {
    await node.run(["append"], { stdin: someEvents(1_500, 4).join("\n") });
    const table = await node.run(["search", "--limit", "5"]);
    expect(table.code).toBe(0);
    expect(table.out.split("\n")[0]).toMatch(/^INDEX +TIME \(UTC\) +ACTOR/);
    expect(table.out.trimEnd().split("\n")).toHaveLength(6);
    expect(table.err).toContain("there are more");

    const oldest = await node.run(["search", "--order", "oldest", "--limit", "1100", "--json"]);
    const indexes = oldest.out
      .trimEnd()
      .split("\n")
      .map((line): number => JSON.parse(line).index);
    expect(indexes).toEqual(Array.from({ length: 1_100 }, (_, i) => i));
  });

  test("words that begin with a minus belong to the query; options that are none are a mistake", async () => {
    const { code, out } = await node.run([
      "search",
      "tenant:acme",
      "-action:document.*",
      "--json",
      "--limit",
      "9",
    ]);
    expect(code).toBe(0);
    expect(out).not.toContain('"action":"document.');
    expect(await node.run(["search", "tenant:acme", "--limt", "9"])).toMatchObject({ code: 2 });
  });

  test("a bad query is pointed at", async () => {
    const { code, err } = await node.run(["search", "tenant:acme", "acter:x"]);
    expect(code).toBe(1);
    expect(err).toContain("  tenant:acme acter:x\n              ^");
  });

  test("one event by its index or its id, with its proof", async () => {
    const byIndex = await node.run(["get", "7", "--json"]);
    const { entry } = JSON.parse(byIndex.out);
    const byId = await node.run(["get", entry.id, "--json"]);
    expect(JSON.parse(byId.out)).toEqual(JSON.parse(byIndex.out));
    const proven = await node.run(["get", "7", "--proof", "--key", node.vkey]);
    expect(proven).toMatchObject({ code: 0, err: "", out: expect.stringContaining("✓ proven") });
    expect(await node.run(["get", "99999999"])).toMatchObject({ code: 1 });
  });

  test("text of events can't act on the terminal", async () => {
    const actor = { id: "x", name: "\u001B[2Jevil\u202E" };
    const stdin = JSON.stringify({ id: "hostile", action: "a.b", actor });
    await node.run(["append"], { stdin });
    const search = await node.run(["search", "action:a.b", "--min-index", "0"]);
    const get = await node.run(["get", "hostile"]);
    for (const { out } of [search, get]) expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  test("tail shows what comes, and ends with Ctrl-C", async () => {
    const tail = new SteleProcess(["tail", "tenant:tail-test", "--json", "--url", node.url, "--from", "0"]);
    const event = { action: "x.y", actor: { id: "z" }, tenant: "tail-test" };
    await node.run(["append"], { stdin: `${JSON.stringify(event)}\n` });
    expect(JSON.parse(await tail.line()).entry).toMatchObject(event);
    await node.run(["append"], { stdin: JSON.stringify({ ...event, action: "x.z" }) });
    expect(JSON.parse(await tail.line()).entry.action).toBe("x.z");
    expect(await tail.stop("SIGINT")).toMatchObject({ code: 0, err: "" });
  });

  test("tail says once why it has to wait, and goes on as soon as it can", async () => {
    const others = new AbortController();
    const follow = () => fetch(`${node.url}/v1/logs/main/tail`, { signal: others.signal });
    const followed = await Promise.all(Array.from({ length: 64 }, follow));
    const tail = new SteleProcess(["tail", "tenant:waited", "--json", "--url", node.url, "--from", "0"]);
    const refused = async () =>
      /_count\{.*\/tail",status="429"\} ([2-9]|\d\d)/.test(await (await fetch(`${node.url}/metrics`)).text());
    await expect.poll(refused).toBe(true);
    // Only now: a connection whose answer nobody holds is closed by the garbage collector.
    expect(followed.filter(({ ok }) => ok)).toHaveLength(64);
    others.abort();
    const event = { action: "x.y", actor: { id: "z" }, tenant: "waited" };
    await node.run(["append"], { stdin: `${JSON.stringify(event)}\n` });
    expect(JSON.parse(await tail.line()).entry).toMatchObject(event);
    const { err } = await tail.stop("SIGINT");
    expect(err).toMatch(/^Not following: This client .* 64 is the limit.*\n$/);
  });

  test("a broken pipe is no error", async () => {
    const command = `"${process.execPath}" "${new URL("../../bin/stele.ts", import.meta.url).pathname}" search --json --limit 3000 | head -n 1`;
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", command], {
      env: { ...process.env, STELE_URL: node.url },
    });
    expect([status, stderr.toString()]).toEqual([0, ""]);
  });
});
