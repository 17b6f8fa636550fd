import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode, someEvents } from "../testing/scratch-node.ts";

let node: ScratchNode;

beforeAll(async () => {
  node = await ScratchNode.start();
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

function record(number: number, change: object = {}) {
  return {
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    eventTime: "2026-01-05T12:00:00Z",
    eventID: `00000000-0000-0000-0000-${String(number).padStart(12, "0")}`,
    userIdentity: { type: "IAMUser", arn: "arn:aws:iam::1:user/zoe", userName: "zoe" },
    sourceIPAddress: "203.0.113.9",
    ...change,
  };
}

describe("append", () => {
  test("takes lines of a file, or of the standard input, plain or gzip", async () => {
    const lines = someEvents(2_500, 1);
    await writeFile(node.path("events.ndjson"), `${lines.join("\n")}\n`);
    const appended = await node.run(["append", "events.ndjson", "--json"]);
    expect(appended).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(appended.out)).toMatchObject({ added: 2_500, duplicates: 0, refused: 0 });

    const again = await node.run(["append", "--json"], { stdin: gzipSync(lines.join("\n")) });
    expect(JSON.parse(again.out)).toMatchObject({ added: 0, duplicates: 2_500 });
  });

  test("says which line is bad, and adds nothing of its batch", async () => {
    const stdin = ['{"action":"a.b","actor":{"id":"x"}}', "", '{"action":"A B","actor":{}}'].join("\n");
    const { code, err } = await node.run(["append"], { stdin });
    expect(code).toBe(1);
    expect(err).toContain("standard input, line 3: /action ");
    expect(err).toContain("--skip-invalid");
    const broken = await node.run(["append"], { stdin: '{"action":"a.b","actor":{"id":"x"}}\n{"action":' });
    expect(broken.err).toContain("standard input, line 2: is not JSON");
  });

  test("--skip-invalid goes on, and collects what is refused", async () => {
    const stdin = [...someEvents(3, 2), "nonsense", '{"actor":{"id":"x"}}', ...someEvents(3, 3)].join("\n");
    const { code, out } = await node.run(["append", "--json", "--skip-invalid", "refused.ndjson"], { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ added: 6, refused: 2 });
    const refused = (await readFile(node.path("refused.ndjson"), "utf8")).trim().split("\n");
    expect(refused.map((line) => JSON.parse(line))).toMatchObject([
      { place: "standard input, line 4", source: "nonsense" },
      { place: "standard input, line 5", source: '{"actor":{"id":"x"}}' },
    ]);
    const twice = await node.run(["append", "--skip-invalid", "refused.ndjson"], { stdin });
    expect(twice).toMatchObject({
      code: 1,
      err: expect.stringContaining("There is already a refused.ndjson"),
    });
  });
});

describe("import", () => {
  test("takes CloudTrail's files, and adds nothing the second time", async () => {
    const records = { Records: Array.from({ length: 1_200 }, (_, i) => record(i)) };
    await writeFile(node.path("trail.json.gz"), gzipSync(JSON.stringify(records)));
    for (const counts of [
      { added: 1_200, duplicates: 0 },
      { added: 0, duplicates: 1_200 },
    ]) {
      const { code, out } = await node.run(["import", "--format", "cloudtrail", "trail.json.gz", "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject(counts);
    }
    const { out } = await node.run([
      "search",
      "action:s3.get_object",
      "actor:*/zoe",
      "--limit",
      "1",
      "--json",
    ]);
    expect(out).toContain('"name":"zoe"');
  });

  test("names the record that the log refuses", async () => {
    const stdin = [record(5_000), record(5_001, { extra: "a\u0000b" }), { eventVersion: "1" }].map((one) =>
      JSON.stringify(one),
    );
    const { code, err } = await node.run(["import", "--format", "cloudtrail", "-"], {
      stdin: stdin.join("\n"),
    });
    expect(code).toBe(1);
    expect(err).toMatch(/standard input, record 3: .*no CloudTrail record/);
    const refused = await node.run(["import", "--format", "cloudtrail", "-"], {
      stdin: stdin.slice(0, 2).join("\n"),
    });
    expect(refused.err).toMatch(/record 2 \(eventID 0{8}-.*\): \/metadata\/cloudtrail\/extra /);
  });

  test("a file that is cut off is an error, also when it is gzip", async () => {
    await writeFile(node.path("cut.gz"), gzipSync(JSON.stringify(record(9_000))).subarray(0, 60));
    const { code, err } = await node.run(["import", "--format", "cloudtrail", "cut.gz"]);
    expect(code).toBe(1);
    expect(err).toContain("cut.gz is broken as gzip");
  });
});
