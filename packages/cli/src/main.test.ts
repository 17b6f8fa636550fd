import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode } from "./testing/scratch-node.ts";
import { stele } from "./testing/stele-process.ts";

let node: ScratchNode;

beforeAll(async () => {
  node = await ScratchNode.start();
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

describe("usage and failures", () => {
  test("exit codes", async () => {
    expect(await stele(["--version"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await stele(["--help"])).toMatchObject({ code: 0 });
    expect(await stele([])).toMatchObject({ code: 2 });
    expect(await stele(["nonsense"])).toMatchObject({ code: 2 });
    expect(await stele(["search", "--order", "sideways"])).toMatchObject({ code: 2 });
    expect(await stele(["serve", "--port", "http"])).toMatchObject({ code: 2 });
    expect(await stele(["verify", "--key", "a+b+c"])).toMatchObject({ code: 2 });
    expect(await stele(["sources", "declare", "a", "--heartbeat", "367d"])).toMatchObject({ code: 2 });
    expect(await node.run(["append", "missing.ndjson"])).toMatchObject({
      code: 1,
      err: "stele: There is no missing.ndjson\n",
    });
  });

  test("no node: what to do, and no stack trace", async () => {
    const { code, err } = await stele(["search", "--url", "http://127.0.0.1:9"]);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^stele: No node answers at http:\/\/127\.0\.0\.1:9: .*\nStart one with “npx stele serve”/,
    );
    expect(err).not.toContain("    at ");
    const json = await stele(["search", "--url", "http://127.0.0.1:9", "--json"]);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: "unreachable" } });
  });

  test("a second node on the directory is refused", async () => {
    const { code, err } = await stele(["serve", "--data", node.data, "--port", "0"]);
    expect(code).toBe(1);
    expect(err).not.toContain("Unexpected");
  });

  test("a node on another address than loopback wants tokens first", async () => {
    const { code, err } = await stele([
      "serve",
      "--host",
      "0.0.0.0",
      "--port",
      "0",
      "--data",
      node.path("x"),
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining("token")]);
    expect(existsSync(node.path("x/logs"))).toBe(false);
  });
});
