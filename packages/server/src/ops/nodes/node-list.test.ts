import { UnavailableError } from "@stele/proof";
import { expect, it } from "vitest";
import { systemClock, type Clock } from "../../log/clock.ts";
import { MemoryObjects } from "../../store/testing/memory-objects.ts";
import { NodeList } from "./node-list.ts";
import { formatPresence, parsePresence, presenceKey, type Presence } from "./presence.ts";
import { PresenceWriter } from "./presence-writer.ts";

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;

const presence = (fields: Partial<Presence> = {}): Presence => ({
  id: "00000000000000aa",
  name: "node-a",
  version: "0.1.0",
  startedMs: NOW_MS - 1_000,
  saidMs: NOW_MS,
  state: "ready",
  logs: [{ name: "main", treeSize: 7, writable: true }],
  eventsPerSecond: 1.5,
  ...fields,
});
const other = (fields: Partial<Presence> = {}): Presence =>
  presence({ id: "00000000000000bb", name: "node-b", ...fields });

async function put(objects: MemoryObjects, said: Presence): Promise<void> {
  await objects.create(presenceKey(said), [Buffer.from(formatPresence(said))]);
}

function listOf(objects: MemoryObjects | undefined): { list: NodeList; advance: (ms: number) => void } {
  let elapsedMs = 0;
  const nowMs = (): number => NOW_MS + elapsedMs;
  const list = new NodeList({
    objects,
    presence: () => presence({ saidMs: nowMs() }),
    nowMs,
    monotonicMs: () => elapsedMs,
  });
  return { list, advance: (ms) => (elapsedMs += ms) };
}

async function keysOf(objects: MemoryObjects): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list("")) keys.push(key);
  return keys;
}

it("lists this node first, and what each other one said last", async () => {
  const objects = new MemoryObjects();
  await put(objects, other({ saidMs: NOW_MS - 60_000, eventsPerSecond: 1 }));
  await put(objects, other({ saidMs: NOW_MS - 20_000, eventsPerSecond: 2 }));
  await put(objects, presence({ saidMs: NOW_MS - 5_000 }));
  const { nodes, failure } = await listOf(objects).list.get();
  expect(failure).toBeUndefined();
  expect(
    nodes.map(({ name, ageMs, isSelf, eventsPerSecond }) => [name, ageMs, isSelf, eventsPerSecond]),
  ).toEqual([
    ["node-a", 0, true, 1.5],
    ["node-b", 20_000, false, 2],
  ]);
});

it("lists this node alone where there is no store", async () => {
  const { nodes } = await listOf(undefined).list.get();
  expect(nodes.map(({ isSelf }) => isSelf)).toEqual([true]);
});

it("forgets who has said nothing for a day, or is a day ahead", async () => {
  const objects = new MemoryObjects();
  await put(objects, other({ saidMs: NOW_MS - DAY_MS - 1 }));
  await put(objects, other({ id: "00000000000000cc", saidMs: NOW_MS + DAY_MS + 1 }));
  await put(objects, other({ id: "00000000000000dd", saidMs: NOW_MS - DAY_MS }));
  const { nodes } = await listOf(objects).list.get();
  expect(nodes.map(({ id }) => id.slice(-2))).toEqual(["aa", "dd"]);
  expect((await keysOf(objects)).map((key) => key.slice(14, 16))).toEqual(["dd"]);
});

it("passes over whatever else lies there", async () => {
  const objects = new MemoryObjects();
  const key = presenceKey(other());
  const text = formatPresence(other());
  await objects.create("hello", [Buffer.from("world")]);
  await objects.create(`${key}/x`, [Buffer.from(text)]);
  await objects.create(key, [Buffer.from(text.replace('"ready"', '"ready","more":1'))]);
  const { nodes } = await listOf(objects).list.get();
  expect(nodes).toHaveLength(1);
});

it("bounds how many it reads", async () => {
  const objects = new MemoryObjects();
  for (let i = 0; i < 300; i++) await put(objects, other({ id: `f${String(i).padStart(15, "0")}` }));
  expect((await listOf(objects).list.get()).nodes).toHaveLength(201);
});

it("asks the store now and then, and shows what it knew while that is out", async () => {
  const objects = new MemoryObjects();
  await put(objects, other());
  const { list, advance } = listOf(objects);
  let asked = 0;
  let isOut = false;
  const inner = objects.list.bind(objects);
  objects.list = (prefix, after) => {
    asked++;
    if (isOut) throw new UnavailableError("store_unavailable", "It is out");
    return inner(prefix, after);
  };
  await Promise.all([list.get(), list.get()]);
  await list.get();
  expect(asked).toBe(1);
  isOut = true;
  advance(60_000);
  const { nodes, failure } = await list.get();
  expect(failure).toBe("It is out");
  expect(nodes.map(({ ageMs }) => ageMs)).toEqual([0, 60_000]);
});

it("does not take a node away whose word was replaced while it was read", async () => {
  const objects = new MemoryObjects();
  await put(objects, other());
  const { list, advance } = listOf(objects);
  await list.get();
  await objects.delete(await keysOf(objects));
  await put(objects, other({ saidMs: NOW_MS + 30_000 }));
  objects.get = () => Promise.resolve(undefined);
  advance(30_000);
  expect((await list.get()).nodes.map(({ ageMs }) => ageMs)).toEqual([0, 30_000]);
});

it.each([
  ["a name with a line break", { name: "a\nb" }],
  ["an empty name", { name: "" }],
  ["a tree of a negative size", { logs: [{ name: "main", treeSize: -1, writable: true }] }],
  ["a log of a strange name", { logs: [{ name: "../x", treeSize: 1, writable: true }] }],
  [
    "too many logs",
    { logs: Array.from({ length: 101 }, () => ({ name: "main", treeSize: 1, writable: true })) },
  ],
  ["a rate that is none", { eventsPerSecond: -1 }],
  ["a version with a space", { version: "1 2" }],
] as const)("does not read %s", (_, fields) => {
  const said = presence(fields);
  expect(() => parsePresence(presenceKey(said), Buffer.from(formatPresence(said)))).toThrow(
    expect.objectContaining({ code: "presence_malformed" }),
  );
});

it("reads what it wrote, under its own key only", () => {
  const said = presence();
  const bytes = Buffer.from(formatPresence(said));
  expect(parsePresence(presenceKey(said), bytes)).toEqual(said);
  expect(() => parsePresence(presenceKey(other()), bytes)).toThrow(
    expect.objectContaining({ code: "presence_malformed" }),
  );
});

/** A clock whose sleeps end when they are told to. */
function steppedClock(): { clock: Clock; step: (ms: number) => Promise<void> } {
  let elapsedMs = 0;
  let wake = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    nowMs: () => NOW_MS + elapsedMs,
    sleep: async (_, signal) => {
      await Promise.race([
        wake.promise,
        new Promise((resolve) => signal?.addEventListener("abort", resolve)),
      ]);
    },
  };
  const step = async (ms: number): Promise<void> => {
    elapsedMs += ms;
    wake.resolve();
    wake = Promise.withResolvers();
    await systemClock.sleep(20);
  };
  return { clock, step };
}

it("says that it is there with one object, which is gone when it stops", async () => {
  const objects = new MemoryObjects();
  await put(objects, presence({ saidMs: NOW_MS - DAY_MS / 2 })); // of a process that died
  await put(objects, other());
  const { clock, step } = steppedClock();
  const writer = new PresenceWriter({
    objects,
    presence: () => presence({ saidMs: clock.nowMs() }),
    clock,
  });
  writer.start();
  await step(0);
  const keys = async (): Promise<string[]> => (await keysOf(objects)).filter((key) => key.includes("aa/"));
  expect(await keys()).toEqual([presenceKey(presence())]);
  await step(30_000);
  expect(await keys()).toEqual([presenceKey(presence({ saidMs: NOW_MS + 30_000 }))]);
  await writer.close();
  expect(await keysOf(objects)).toEqual([presenceKey(other())]);
});

it("goes on when the store is out, and says why others do not see it", async () => {
  const objects = new MemoryObjects();
  const { clock, step } = steppedClock();
  const writer = new PresenceWriter({
    objects,
    presence: () => presence({ saidMs: clock.nowMs() }),
    clock,
  });
  const create = objects.create.bind(objects);
  objects.create = () => Promise.reject(new UnavailableError("store_unavailable", "It is out"));
  writer.start();
  await step(0);
  expect(writer.failure).toBe("It is out");
  objects.create = create;
  await step(30_000);
  expect(writer.failure).toBeUndefined();
  expect(await keysOf(objects)).toHaveLength(1);
  await writer.close();
});

it("adds nothing where it may not delete", async () => {
  const objects = new MemoryObjects();
  const { clock, step } = steppedClock();
  const writer = new PresenceWriter({
    objects,
    presence: () => presence({ saidMs: clock.nowMs() }),
    clock,
  });
  objects.delete = () => Promise.reject(new UnavailableError("store_denied", "No"));
  writer.start();
  for (let i = 0; i < 20; i++) await step(30_000);
  expect((await keysOf(objects)).length).toBeLessThan(15);
  expect(writer.failure).toBe("No");
  await writer.close();
});
