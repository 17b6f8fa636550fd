import { readdir, readFile, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScratchNode } from "../testing/scratch-node.ts";

let node: ScratchNode;

function door(i: number): string {
  const action = i % 2 === 0 ? "door.opened" : "door.closed";
  return JSON.stringify({
    id: `e-${i}`,
    occurred_at: `2026-01-0${1 + (i % 5)}T12:00:00Z`,
    action,
    actor: { id: i % 10 === 0 ? "=HYPERLINK(1)" : "ann" },
    source: { id: "gate", seq: i },
  });
}

beforeAll(async () => {
  node = await ScratchNode.start();
  const events = Array.from({ length: 600 }, (_, i) => door(i));
  await node.run(["append"], { stdin: events.join("\n") });
});

afterAll(async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
});

/** Writes the bundle `from` as `to`, with its text changed. */
async function tamper(from: string, to: string, change: (text: string) => string): Promise<void> {
  const text = gunzipSync(await readFile(node.path(from))).toString();
  expect(change(text)).not.toBe(text);
  await writeFile(node.path(to), gzipSync(change(text)));
}

describe("export --evidence", () => {
  test("writes a bundle that verifies without the node", async () => {
    const made = await node.run([
      "export",
      "--evidence",
      "--query",
      "action:door.opened",
      "-o",
      "e.stele-evidence",
    ]);
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringContaining("proves that 300 events are in the log"),
    });
    const offline = { env: { STELE_URL: "http://127.0.0.1:1" } };
    const verified = await node.run(["verify", "e.stele-evidence", "--key", node.vkey, "--json"], offline);
    expect(verified).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(verified.out)).toMatchObject({
      verified: true,
      target: "evidence",
      key_from: "given",
      tree_size: 600,
      proven: { entries: 300, run: null, sources: [{ id: "gate", first: 0, last: 598, missing: 299 }] },
      declared: {
        by: null,
        query: "action:door.opened",
        normal_query: "action:door.opened",
        query_matched: true,
        searched_size: 600,
        all_matches: true,
      },
      witnessing: { policy_from: "file", required: false, witnesses: [] },
    });
    const people = await node.run(["verify", "e.stele-evidence", "--key", node.vkey]);
    expect(people.out).toMatch(
      /✓ verified[\s\S]*Proven[\s\S]*300 entries[\s\S]*Only declared[\s\S]*Query: action:door\.opened/,
    );
    expect(people.out).not.toContain("Checked only");
  });

  test("says what a whole part of the log is, and how far a limit went", async () => {
    await node.run(["export", "--evidence", "-o", "all.stele-evidence", "--json"]);
    const all = await node.run(["verify", "all.stele-evidence", "--key", node.vkey, "--json"]);
    expect(JSON.parse(all.out).proven).toEqual({
      entries: 600,
      run: { first: 0, last: 599 },
      sources: [{ id: "gate", first: 0, last: 599, missing: 0 }],
    });
    await node.run(["export", "--evidence", "--limit", "7", "-o", "few.stele-evidence"]);
    const few = await node.run(["verify", "few.stele-evidence", "--key", node.vkey]);
    expect(few.out).toMatch(/all entries of the log from index 0 to 6[\s\S]*there were more/);
  });

  test("no match, and times", async () => {
    const from = [
      "export",
      "--evidence",
      "action:door.*",
      "--from",
      "2026-01-02",
      "--to",
      "2026-01-03T00:00:00Z",
    ];
    expect(await node.run([...from, "-o", "day.stele-evidence"])).toMatchObject({ code: 0 });
    const day = await node.run(["verify", "day.stele-evidence", "--key", node.vkey, "--json"]);
    expect(JSON.parse(day.out)).toMatchObject({
      proven: { entries: 120 },
      declared: {
        normal_query: "action:door.* after:2026-01-02T00:00:00.000Z before:2026-01-03T00:00:00.000Z",
      },
    });
    await node.run(["export", "--evidence", "actor:nobody", "-o", "none.stele-evidence"]);
    const none = await node.run(["verify", "none.stele-evidence", "--key", node.vkey, "--json"]);
    expect(JSON.parse(none.out)).toMatchObject({ verified: true, proven: { entries: 0 } });
  });

  test("without a key that is known it says so, loudly, and ends with 0", async () => {
    await node.run(["export", "--evidence", "--limit", "3", "-o", "own.stele-evidence"]);
    const state = ["--state", node.path("empty-state")];
    const { code, out } = await node.run(["verify", "own.stele-evidence", ...state]);
    expect(code).toBe(0);
    expect(out).toContain("Checked only against the key that the file itself states");
    expect(out).not.toMatch(/^ *Proven$/m);
    const json = await node.run(["verify", "own.stele-evidence", ...state, "--json"]);
    expect(JSON.parse(json.out).key_from).toBe("file");
  });

  test("a policy that is trusted must be met", async () => {
    await node.run(["export", "--evidence", "--limit", "3", "-o", "p.stele-evidence"]);
    const witness = "witness.example/one+5aa9b808+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
    await writeFile(node.path("none.policy"), `log ${node.vkey}\nquorum none\n`);
    await writeFile(node.path("one.policy"), `log ${node.vkey}\nwitness w ${witness}\nquorum w\n`);
    await writeFile(node.path("bad.policy"), "quorum\n");
    const verify = async (policy: string) =>
      await node.run(["verify", "p.stele-evidence", "--policy", policy, "--json"]);
    expect(await verify("none.policy")).toMatchObject({ code: 0 });
    const refused = await verify("one.policy");
    expect([refused.code, JSON.parse(refused.err).error.code]).toEqual([3, "cosignatures_too_few"]);
    expect(await verify("bad.policy")).toMatchObject({ code: 2 });
  });

  test.each([
    ["an entry", (text: string) => text.replace(/(e-8\\".*?)ann/, "$1bob"), "inclusion_not_proven"],
    ["an index", (text: string) => text.replace('"index":8,', '"index":9,'), "inclusion_not_proven"],
    ["a hash", (text: string) => text.replace(/("proof":".{10})./, "$1!"), "base64_malformed"],
    ["the root", (text: string) => text.replace(/(\\n600\\n)./, "$1!"), "note_signature_wrong"],
    ["a claim", (text: string) => text.replace('"missing":299', '"missing":0'), "evidence_claim_wrong"],
    ["the query", (text: string) => text.replaceAll("door.opened", "door.locked"), "inclusion_not_proven"],
    [
      "the query alone",
      (text: string) => text.replaceAll('query":"action:door.opened', 'query":"action:door.locked'),
      "evidence_query_unmatched",
    ],
    ["its end", (text: string) => text.slice(0, -1), "evidence_malformed"],
  ])("a bundle with another %s ends with 3", async (_what, change, code) => {
    await tamper("e.stele-evidence", "changed.stele-evidence", change);
    const { code: ended, err } = await node.run([
      "verify",
      "changed.stele-evidence",
      "--key",
      node.vkey,
      "--json",
    ]);
    expect([ended, JSON.parse(err).error.code]).toEqual([3, code]);
  });

  test("damaged gzip and what is no bundle end with 3", async () => {
    const bytes = await readFile(node.path("e.stele-evidence"));
    for (const damaged of [
      bytes.subarray(0, bytes.length / 2),
      gzipSync("{}"),
      gzipSync(Buffer.alloc(100 << 20)),
    ]) {
      await writeFile(node.path("damaged.stele-evidence"), damaged);
      const { code } = await node.run(["verify", "damaged.stele-evidence", "--key", node.vkey]);
      expect(code).toBe(3);
    }
  });

  test("a query that can't be understood leaves no file", async () => {
    const refused = await node.run(["export", "--evidence", "outcome:good", "-o", "no.stele-evidence"]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("^^^^") });
    expect((await readdir(node.directory)).filter((name) => name.startsWith("no."))).toEqual([]);
  });
});

describe("export", () => {
  test("ndjson and csv, whole", async () => {
    const { out } = await node.run(["export", "action:door.opened", "-o", "e.ndjson"]);
    expect(out).toContain("300 events, without a proof");
    const lines = (await readFile(node.path("e.ndjson"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(300);
    expect(JSON.parse(lines[1]!)).toMatchObject({ index: 2, entry: { id: "e-2" } });
    await node.run(["export", "--format", "csv", "--limit", "20", "-o", "e.csv"]);
    const rows = (await readFile(node.path("e.csv"), "utf8")).trimEnd().split("\r\n");
    expect(rows).toHaveLength(21);
    expect(rows[1]).toContain(`,"'=HYPERLINK(1)",`);
    const piped = await node.run(["export", "id:e-3", "-o", "-"]);
    expect(JSON.parse(piped.out)).toMatchObject({ index: 3 });
  });

  test("what can't be done leaves nothing", async () => {
    expect(await node.run(["export", "outcome:good", "-o", "x.csv"])).toMatchObject({ code: 1 });
    expect(await node.run(["export", "--format", "xml", "-o", "x.csv"])).toMatchObject({ code: 2 });
    expect(await node.run(["export", "--evidence", "--format", "csv", "-o", "x.csv"])).toMatchObject({
      code: 2,
    });
    expect(await node.run(["export"])).toMatchObject({ code: 2 });
    expect((await readdir(node.directory)).filter((name) => name.startsWith("x."))).toEqual([]);
  });
});
