import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  cosignatureVerifier,
  formatCheckpoint,
  noteVerifier,
  signNote,
  verifyMisbehaviour,
} from "@stele/proof";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ORIGIN, TestLog, testSigner, testWitness } from "../../../proof/src/testing/test-log.ts";
import { nativeHasher } from "../log/native-hasher.ts";
import { AlarmBoard } from "../ops/alarms.ts";
import { LogMonitor, type LogMonitorOptions, type Round } from "./log-monitor.ts";
import { MonitorDirectory } from "./monitor-state.ts";
import { ShownLog } from "./testing/shown-log.ts";
import { VantagePoint } from "./vantage-point.ts";

const SIZE = 700;
const log = new TestLog(SIZE, undefined, nativeHasher);
/** The same key, and other entries from 300 on. */
const fork = new TestLog(SIZE, (i) => (i < 300 ? `entry ${i}` : `forged ${i}`), nativeHasher);

let directory: string;
let shown: ShownLog[];
let nowMs: number;
let alarms: AlarmBoard;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-monitor-"));
  shown = [];
  nowMs = 1_700_000_000_000;
  alarms = new AlarmBoard(() => nowMs);
});

afterEach(async () => {
  await Promise.all(shown.map((one) => one.stop()));
  await rm(directory, { recursive: true, force: true });
});

async function show(of: TestLog, treeSize: number): Promise<ShownLog> {
  const one = await ShownLog.start(of, treeSize);
  shown.push(one);
  return one;
}

function at(url: string, kind: "log" | "witness" = "log", timeoutMs = 5_000): VantagePoint {
  return new VantagePoint({ url, kind, origin: ORIGIN, timeoutMs, signal: new AbortController().signal });
}

async function open(options: Partial<LogMonitorOptions> = {}): Promise<LogMonitor> {
  return await LogMonitor.open({
    origin: ORIGIN,
    trusted: { log: [log.verifier], vkey: "", statements: [], isFirstUse: false },
    places: shown.map(({ url }) => at(url)),
    directory: new MonitorDirectory(directory, ORIGIN),
    entries: true,
    staleAfterMs: 60_000,
    now: () => nowMs,
    alarms,
    ...options,
  });
}

const codes = () => alarms.active.map(({ code, severity }) => `${severity} ${code}`).toSorted();

/** The proof that the round found, which anyone confirms with the key alone. */
async function conviction({ proofs }: Round) {
  expect(proofs).toHaveLength(1);
  return verifyMisbehaviour(await readFile(proofs[0]!), log.verifier);
}

describe("an honest log", () => {
  test("grows, and every entry is read once", async () => {
    const place = await show(log, 10);
    let monitor = await open();
    for (const treeSize of [10, 11, 256, 300, 513, 700]) {
      place.show(log, treeSize);
      place.fetched.length = 0;
      expect(await monitor.round()).toMatchObject({ treeSize, entriesHashed: treeSize, proofs: [] });
      expect(codes()).toEqual([]);
      // A restart forgets nothing.
      monitor = await open();
    }
    expect(place.fetched.filter((path) => path.includes("entries"))).toEqual(["tile/entries/002.p/188"]);
    place.fetched.length = 0;
    await monitor.round();
    expect(place.fetched).toEqual(["checkpoint"]);
  });

  test("with mirrors that lag, and places that come and go", async () => {
    const [primary, mirror] = [await show(log, 600), await show(log, 500)];
    const monitor = await open();
    expect(await monitor.round()).toMatchObject({ treeSize: 600, proofs: [] });
    expect(codes()).toEqual([]);
    for (let i = 1; i <= 6; i++) {
      // It grows as the primary does, a little later: that is not lagging.
      primary.show(log, 600 + i * 10);
      mirror.show(log, 590 + i * 10);
      nowMs += 30_000;
      await monitor.round();
      expect(codes()).toEqual([]);
    }
    nowMs += 60_000;
    await monitor.round();
    expect(codes()).toEqual(["warning log_lagging"]);
    mirror.show(log, 660);
    await monitor.round();
    expect(codes()).toEqual([]);
    await mirror.stop();
    await monitor.round();
    expect(codes()).toEqual(["warning vantage_point_unreachable"]);
  });

  test("which does not grow is an alarm if it should", async () => {
    const place = await show(log, 10);
    const monitor = await open({ quietAfterMs: 5_000 });
    await monitor.round();
    nowMs += 5_000;
    await monitor.round();
    expect(codes()).toEqual(["warning log_quiet"]);
    place.show(log, 11);
    await monitor.round();
    expect(codes()).toEqual([]);
  });

  test("more than is read at once is read in more rounds", async () => {
    const large = new TestLog(70_000, (i) => String(i), nativeHasher);
    const place = await show(large, 70_000);
    const monitor = await open();
    expect(await monitor.round()).toMatchObject({ entriesHashed: 65_536, isUnfinished: true });
    expect(await monitor.round()).toMatchObject({ entriesHashed: 70_000, isUnfinished: false });
    expect(place.fetched.filter((path) => path === "tile/entries/000")).toHaveLength(1);
  });
});

describe("two histories", () => {
  test.each([
    ["of one size", 500, 500],
    ["of different sizes", 400, 500],
    ["the log itself behind", 500, 400],
    ["that differ in the newest entry", 301, 302],
  ])("%s", async (_, own, other) => {
    await show(log, own);
    await show(fork, other);
    const monitor = await open();
    const { older, newer } = await conviction(await monitor.round());
    expect([older.treeSize, newer.treeSize]).toEqual([Math.min(own, other), Math.max(own, other)]);
    expect(codes()).toEqual(["critical log_misbehaved"]);
    // Again and again, with a restart between: the proof stays the same.
    await (await open()).round();
    expect(await conviction(await monitor.round())).toMatchObject({ older: { treeSize: older.treeSize } });
  });

  test("history is written again behind the back of the monitor", async () => {
    const place = await show(log, 500);
    await (await open()).round();
    place.show(fork, 600);
    const { older, newer } = await conviction(await (await open()).round());
    expect([older.treeSize, newer.treeSize]).toEqual([500, 600]);
  });

  test("a roll-back is no proof; growing again with other entries is", async () => {
    const place = await show(log, 500);
    const monitor = await open();
    await monitor.round();
    place.show(log, 280);
    expect(await monitor.round()).toMatchObject({ proofs: [], treeSize: 500 });
    expect(codes()).toEqual(["warning log_went_back"]);
    nowMs += 60_000;
    await monitor.round();
    expect(codes()).toEqual(["critical log_went_back"]);
    // Smaller than what was seen: nothing to compare it with yet, but kept until there is.
    place.show(fork, 450);
    expect((await monitor.round()).proofs).toEqual([]);
    place.show(log, 510);
    const { older, newer } = await conviction(await (await open()).round());
    expect([older.treeSize, newer.treeSize]).toEqual([450, 510]);
  });

  test("what was seen long ago counts as well", async () => {
    const place = await show(log, 1);
    const monitor = await open({ entries: false });
    for (let treeSize = 1; treeSize < SIZE; treeSize += 5) {
      place.show(log, treeSize);
      await monitor.round();
    }
    place.show(fork, 450);
    const { older, newer } = await conviction(await monitor.round());
    expect(older.treeSize).toBeGreaterThan(300);
    expect(newer.treeSize).toBe(450);
  });

  test("a witness saw another one", async () => {
    await show(fork, 400);
    const witness = await show(log, 10);
    const id = createHash("sha256").update(ORIGIN).digest("hex");
    const places = [at(shown[0]!.url), at(witness.url, "witness")];
    const monitor = await open({ places });
    await monitor.round();
    expect(codes()).toEqual(["warning vantage_point_unreachable"]);
    // What the log shows is behind; the witness has no tiles.
    witness.replaced.set(`${id}/checkpoint`, await log.signedCheckpoint(420));
    expect((await monitor.round()).proofs).toEqual([]);
    witness.replaced.set(`${id}/checkpoint`, await log.signedCheckpoint(700));
    expect((await monitor.round()).proofs).toEqual([]);
    shown[0]!.show(fork, 450);
    const { older, newer } = await conviction(await (await open({ places })).round());
    expect([older.treeSize, newer.treeSize]).toEqual([420, 450]);
  });
});

describe("what is served is wrong", () => {
  test("checkpoints", async () => {
    const place = await show(log, 10);
    const monitor = await open();
    const shows = async (note: Uint8Array) => {
      place.replaced.set("checkpoint", note);
      await monitor.round();
      return codes();
    };
    const head = { treeSize: 10, root: log.roots[10]! };
    const signed = async (origin: string, signer = log.signer) =>
      await signNote(formatCheckpoint({ ...head, origin }), [signer]);
    const refused = ["critical checkpoint_refused"];
    expect(await shows(await signed(ORIGIN, testSigner(ORIGIN, 9)))).toEqual(refused);
    expect(await shows(await signed("log.example/other"))).toEqual(refused);
    const note = await signed(ORIGIN);
    expect(await shows(note.with(3, 0x41))).toEqual(refused);
    expect(await shows(note)).toEqual([]);
    expect(await shows(Buffer.from("<html>"))).toEqual(["warning checkpoint_malformed"]);
    expect(await shows(note)).toEqual([]);
  });

  test("an empty log where a full one was", async () => {
    const place = await show(log, 400);
    await (await open()).round();
    place.show(log, 0);
    await (await open()).round();
    expect(codes()).toEqual(["critical log_emptied"]);
  });

  test("tiles and entries; it is over once they are right again", async () => {
    const place = await show(log, 300);
    const monitor = await open();
    await monitor.round();
    place.show(log, 600);
    for (const resource of [
      { level: 0, index: 1, width: 256 },
      { level: 0, index: 2, width: 88 },
      { level: 1, index: 0, width: 2 },
      { level: "entries", index: 1, width: 256 },
      { level: "entries", index: 2, width: 88 },
    ] as const) {
      const [path, bytes] = place.resource(resource);
      place.replaced.set(path, bytes.with(40, bytes[40]! ^ 1));
      const round = await monitor.round();
      expect(round.entriesHashed).toBe(300);
      expect(codes(), path).toEqual(["critical tiles_not_authentic"]);
      place.replaced.clear();
    }
    expect(await monitor.round()).toMatchObject({ treeSize: 600, entriesHashed: 600 });
    expect(codes()).toEqual([]);
  });

  test("a mirror has what the log has not", async () => {
    const place = await show(log, 600);
    await show(log, 600);
    const [path] = place.resource({ level: "entries", index: 1, width: 256 });
    place.replaced.set(path, Buffer.from("gone"));
    expect(await (await open()).round()).toMatchObject({ entriesHashed: 600 });
    expect(codes()).toEqual(["critical tiles_not_authentic"]);
  });

  test("answers that are too long, too slow, or somewhere else", async () => {
    const place = await show(log, 600);
    const other = await show(log, 600);
    const monitor = await open({ places: [at(place.url, "log", 300)] });
    const bomb = gzipSync(Buffer.alloc(64 << 20));
    place.replaced.set("checkpoint", (response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    await monitor.round();
    expect(codes()).toEqual(["warning checkpoint_malformed"]);
    place.replaced.set("checkpoint", () => undefined);
    await monitor.round();
    expect(codes()).toEqual(["warning checkpoint_malformed", "warning vantage_point_unreachable"]);
    place.replaced.set("checkpoint", (response) => {
      response.writeHead(302, { location: `${other.url}/checkpoint` }).end();
    });
    await monitor.round();
    expect(codes()).toEqual(["warning checkpoint_malformed", "warning vantage_point_unreachable"]);
    place.replaced.clear();
    await monitor.round();
    expect(codes()).toEqual([]);
  });
});

describe("witnesses", () => {
  test("too few cosignatures, and old ones, are alarms; heads are compared all the same", async () => {
    const witness = testWitness("witness.example/w", 3);
    const place = await show(log, 10);
    const policy = {
      witnesses: [cosignatureVerifier(witness.key)],
      quorum: (cosigned: ReadonlySet<unknown>) => cosigned.size >= 1,
    };
    const monitor = await open({ policy });
    expect(await monitor.round()).toMatchObject({ treeSize: 10 });
    expect(codes()).toEqual(["warning cosignatures_too_few"]);
    const note = await log.signedCheckpoint(10);
    place.replaced.set("checkpoint", await witness.cosign(note, nowMs / 1000));
    await monitor.round();
    expect(codes()).toEqual([]);
    nowMs += 61_000;
    await monitor.round();
    expect(codes()).toEqual(["warning cosignatures_old"]);
  });
});

describe("a key that leaked, and was retired for that", () => {
  const retired = { vkey: "k", verifier: log.verifier, fromSize: 0, toSize: 650 };
  const trusted = (statements: readonly string[]) => ({
    log: { origin: ORIGIN, keys: [retired], statements: [] },
    vkey: "k",
    statements,
    isFirstUse: false,
  });

  test("convicts nobody once that is known, which is asked before", async () => {
    await show(log, 600);
    await show(fork, 660);
    const monitor = await open({ findKeys: () => Promise.resolve(trusted(["retirement"])) });
    expect((await monitor.round()).proofs).toEqual([]);
    expect(codes()).toEqual(["critical checkpoint_refused"]);
  });

  test("does not end the monitor by what it could not compare before", async () => {
    const place = await show(log, 600);
    const elsewhere = await show(fork, 660);
    elsewhere.replaced.set("tile/1/000.p/2", (response) => void response.writeHead(404).end());
    elsewhere.replaced.set("tile/1/000", (response) => void response.writeHead(404).end());
    const newer = testSigner(ORIGIN, 9);
    const key = { vkey: "n", verifier: noteVerifier(newer.key), fromSize: 651, toSize: SIZE };
    const keys = { origin: ORIGIN, keys: [retired, key], statements: [] };
    const findKeys = () => Promise.resolve({ ...trusted(["retirement"]), log: keys });
    const monitor = await open({ findKeys });
    expect((await monitor.round()).proofs).toEqual([]);
    place.show(log, 690);
    const text = formatCheckpoint({ origin: ORIGIN, treeSize: 690, root: log.roots[690]! });
    place.replaced.set("checkpoint", await signNote(text, [newer]));
    expect(await monitor.round()).toMatchObject({ treeSize: 690, proofs: [] });
    expect(await monitor.round()).toMatchObject({ treeSize: 690, proofs: [] });
  });
});

test("the state is bounded, and a broken one is not taken for none", async () => {
  const place = await show(log, 1);
  const monitor = await open({ entries: false });
  for (let treeSize = 1; treeSize <= SIZE; treeSize += 3) {
    place.show(log, treeSize);
    await monitor.round();
  }
  const [folder] = await readdir(directory);
  const path = join(directory, folder!, "state.json");
  const state: { notes: string[] } = JSON.parse(await readFile(path, "utf8"));
  expect(state.notes.length).toBeLessThan(16 + 2 * 10);
  await writeFile(path, "{}");
  await expect(open()).rejects.toMatchObject({ code: "monitor_state_malformed" });
});

test("URLs are http or https, with nothing in them that would be lost", () => {
  for (const url of ["file:///etc", "http://a/?q", "http://a/#f", "http://user@a/", "a", ""]) {
    expect(() => at(url), url).toThrow("no http or https URL");
  }
  expect(at("http://a/logs/main//").url).toBe("http://a/logs/main");
});
