import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode, someEvents } from "../testing/scratch-node.ts";
import { startServe, stele } from "../testing/stele-process.ts";

let node: ScratchNode;

beforeAll(async () => {
  node = await ScratchNode.start();
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

describe("logs, keys, tokens", () => {
  test("log create, log list, key show", async () => {
    const created = await node.run(["log", "create", "second", "--json"]);
    const { vkey } = JSON.parse(created.out);
    expect((await node.run(["log", "list"])).out).toContain(vkey);
    for (const place of [[], ["--data", node.data]]) {
      expect((await node.run(["key", "show", "--log", "second", ...place])).out.trim()).toBe(vkey);
    }
    expect(await node.run(["--log", "third", "search"])).toMatchObject({ code: 1 });
    expect(await node.run(["log", "create", "No!"])).toMatchObject({ code: 1 });
  });

  test("a token is shown once, needed from then on, and can be revoked", async () => {
    const closed = node.path("closed");
    const { out: made } = await stele(["token", "create", "--role", "reader", "--data", closed, "--json"]);
    const { token, name } = JSON.parse(made);
    expect(name).toBe("reader-1");
    const own = await startServe(closed);
    try {
      const env = { STELE_URL: own.url };
      const refused = await stele(["search"], { env });
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("STELE_TOKEN")]);
      expect(await stele(["search"], { env: { ...env, STELE_TOKEN: token } })).toMatchObject({ code: 0 });
      await writeFile(node.path("token"), `${token}\n`, { mode: 0o600 });
      expect(await stele(["search", "--token-file", node.path("token")], { env })).toMatchObject({
        code: 0,
      });
      const writing = await stele(["append"], {
        env: { ...env, STELE_TOKEN: token },
        stdin: someEvents(1, 9)[0]!,
      });
      expect([writing.code, writing.err]).toEqual([1, expect.stringContaining("role")]);
    } finally {
      await own.process.stop();
    }
    const list = await stele(["token", "list", "--data", closed]);
    expect(list.out).toMatch(/^reader-1 +reader +\d{4}-/);
    expect(list.out).not.toContain(token);
    const expiring = ["token", "create", "--role", "writer", "--data", closed, "--json"];
    expect(await stele([...expiring, "--expires", "yesterday"])).toMatchObject({ code: 2 });
    const { out: until } = await stele([...expiring, "--expires", "90d"]);
    const { expires_at } = JSON.parse(until);
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    expect((await stele(["token", "list", "--data", closed])).out).toContain(`  expires ${expires_at}\n`);
    await stele(["token", "revoke", "writer-1", "--data", closed]);
    expect(await stele(["token", "revoke", "reader-1", "--data", closed])).toMatchObject({ code: 0 });
    expect((await stele(["token", "list", "--data", closed])).out).toBe("");
  });
});
