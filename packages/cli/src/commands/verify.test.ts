import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode, someEvents } from "../testing/scratch-node.ts";

let node: ScratchNode;

beforeAll(async () => {
  node = await ScratchNode.start();
  await node.run(["append"], { stdin: someEvents(1_000, 1).join("\n") });
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

describe("prove and verify", () => {
  test("a proof file verifies off line; a changed one ends with 3", async () => {
    const { code, out } = await node.run(["prove", "3", "-o", "e.tlog-proof", "--key", node.vkey]);
    expect([code, out]).toEqual([0, expect.stringContaining("e.tlog-proof proves that event 3")]);
    const verified = await node.run(["verify", "e.tlog-proof", "--key", node.vkey, "--json"]);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({
      verified: true,
      target: "proof",
      key_from: "given",
      index: 3,
      entry_text: expect.stringMatching(/^\{"v":1,/),
    });

    const file = await readFile(node.path("e.tlog-proof"), "utf8");
    const changes = [
      file.replace("index 3", "index 4"),
      file.replace(/^extra eyJ2/m, "extra eyJ3"),
      file.replace(/^(index 3\n)./m, "$1?"),
      file.slice(0, -20),
    ];
    for (const changed of changes) {
      expect(changed).not.toBe(file);
      await writeFile(node.path("changed.tlog-proof"), changed);
      const { code: refused } = await node.run(["verify", "changed.tlog-proof", "--key", node.vkey]);
      expect(refused).toBe(3);
    }
  });

  test("the node and its directory verify, and the verifier remembers", async () => {
    const remote = await node.run(["verify", "--json"]);
    expect(remote).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(remote.out)).toMatchObject({ target: "url", vkey: node.vkey });
    const local = await node.run(["verify", node.data, "--json"]);
    const report = JSON.parse(local.out);
    expect(report).toMatchObject({ target: "directory", key_from: "remembered" });
    expect(report.extends_size).toBe(JSON.parse(remote.out).tree_size);
    expect(report.checked.entries).toBe(report.tree_size);
    const people = await node.run(["verify", node.url, "--key", node.vkey]);
    expect(people.out).toContain("✓ verified");
  });

  test("another key is not the log's: 3", async () => {
    const other = await ScratchNode.start();
    try {
      for (const target of [node.url, node.data]) {
        expect(await node.run(["verify", target, "--key", other.vkey])).toMatchObject({ code: 3, out: "" });
      }
    } finally {
      await other.stop();
    }
  });
});
