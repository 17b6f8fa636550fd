import { beforeEach, describe, expect, test } from "vitest";
import { TestLog, testSigner } from "../../../proof/src/testing/test-log.ts";
import { formatVerifierKey } from "@stele/proof";
import { TrustStore } from "./trust-store.ts";

const log = new TestLog(9);
const vkey = formatVerifierKey(log.signer.key);
const note = async (size: number) => new TextDecoder().decode(await log.signedCheckpoint(size));

let kept: Map<string, string>;
let store: TrustStore;

beforeEach(() => {
  kept = new Map();
  store = new TrustStore({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  });
});

describe("what is remembered", () => {
  test("is of one log", async () => {
    store.remember("main", store.read("main"), [vkey], await note(5), 1_000);
    expect(store.read("main")).toEqual({
      remembered: { vkeys: [vkey], sinceMs: 1_000 },
      seen: { note: await note(5), atMs: 1_000 },
    });
    expect(store.read("other")).toEqual({});
  });

  test("never goes backwards, and stays since when it was", async () => {
    store.remember("main", store.read("main"), [vkey], await note(5), 1_000);
    store.remember("main", store.read("main"), [vkey], await note(3), 2_000);
    expect(store.read("main").seen).toEqual({ note: await note(5), atMs: 1_000 });
    store.remember("main", store.read("main"), [vkey], await note(7), 3_000);
    expect(store.read("main").seen).toEqual({ note: await note(7), atMs: 3_000 });
    expect(store.read("main").remembered?.sinceMs).toBe(1_000);
  });

  test("is only what was checked against all that is known now", async () => {
    const atFirst = store.read("main");
    const strange = formatVerifierKey(testSigner("a", 2).key);
    store.remember("main", atFirst, [vkey], await note(5), 1_000);
    // Another tab was told of another key, also for the first time.
    store.remember("main", atFirst, [strange], await note(7), 2_000);
    expect(store.read("main").remembered?.vkeys).toEqual([vkey]);
    expect(store.read("main").seen?.note).toBe(await note(5));

    const before = store.read("main");
    store.forget("main");
    store.remember("main", before, [vkey], await note(7), 3_000);
    expect(store.read("main")).toEqual({});
  });

  test("is forgotten as a whole", async () => {
    store.remember("main", store.read("main"), [vkey], await note(5), 1_000);
    store.pin("main", vkey);
    store.forget("main");
    expect(store.read("main")).toEqual({});
  });

  test.each([
    "",
    "null",
    "{",
    '{"seen":{"note":"x","atMs":1}}',
    '{"remembered":{"vkeys":["x"],"sinceMs":1}}',
  ])("is not taken for nothing where it can't be read: %s", (text) => {
    kept.set("stele-trust:main", text);
    expect(() => store.read("main")).toThrow(expect.objectContaining({ code: "trust_malformed" }));
  });
});

describe("what is pinned", () => {
  test("is a key, and stays when more is remembered", async () => {
    store.pin("main", ` ${vkey}\n`);
    store.remember("main", store.read("main"), [vkey], await note(5), 1_000);
    expect(store.read("main").pinned).toEqual({ kind: "key", text: vkey });
    store.unpin("main");
    expect(store.read("main").pinned).toBeUndefined();
    expect(store.read("main").seen).toBeDefined();
  });

  test("is a policy with a log", () => {
    store.pin("main", `log ${vkey}\r\nquorum none`);
    expect(store.read("main").pinned).toEqual({ kind: "policy", text: `log ${vkey}\nquorum none\n` });
  });

  test.each([
    "",
    "x",
    `${vkey}A`,
    "quorum none\n",
    `log ${vkey}`,
    formatVerifierKey(testSigner("a", 2).key) + "=",
  ])("is not %s", (text) => {
    expect(() => store.pin("main", text)).toThrow(expect.objectContaining({ code: "trust_malformed" }));
    expect(kept.size).toBe(0);
  });
});
