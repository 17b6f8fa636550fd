import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../log/clock.ts";
import { formatCommit, type Commit } from "./commit.ts";
import { ObjectJournal } from "./object-journal.ts";
import { logKeys } from "./store.ts";
import { unsignedCommit } from "./testing/commits.ts";
import { MemoryJournal } from "./testing/memory-journal.ts";
import { MemoryObjects } from "./testing/memory-objects.ts";

const TRIM_DELAY_MS = 60_000;

/** A seal record here is only where it ends. */
const sealEnd = async (record: Buffer): Promise<number> => Number(record.toString());

describe("a journal that stood still for longer than the trim delay", () => {
  let objects: MemoryObjects;
  let nowMs: number;
  let journal: ObjectJournal;

  beforeEach(async () => {
    objects = new MemoryObjects();
    nowMs = 0;
    const now = (): number => nowMs;
    const clock: Clock = { nowMs: now, monotonicMs: now, bootMs: now, sleep: async () => Promise.resolve() };
    const copy = MemoryJournal.open([]);
    const options = { objects, copy, clock, trimDelayMs: TRIM_DELAY_MS, sealEnd };
    journal = new ObjectJournal(options, { bootMs: 0, monotonicMs: 0 });
    await journal.append(unsignedCommit(0, 10));
    // Meanwhile others went on to 20, sealed all of that, and trimmed it.
    nowMs += 2 * TRIM_DELAY_MS;
    await objects.create(logKeys.segment(0), [Buffer.from("20")]);
  });

  it("does not believe that nothing follows", async () => {
    await expect(journal.next()).rejects.toMatchObject({ code: "log_stale" });
  });

  it("does not believe that its commit is the first one there", async () => {
    await expect(journal.append(unsignedCommit(10, 1))).rejects.toMatchObject({ code: "log_stale" });
    expect(journal.end).toBe(10);
  });

  it("does not believe a commit that arrived where another one was trimmed", async () => {
    await objects.create(logKeys.commit(10), formatCommit(unsignedCommit(10, 1)));
    await expect(journal.next()).rejects.toMatchObject({ code: "log_stale" });
  });

  it("goes on with commits that are there if nothing behind them was sealed", async () => {
    await objects.delete([logKeys.segment(0)]);
    await objects.create(logKeys.segment(0), [Buffer.from("10")]);
    await objects.create(logKeys.commit(10), formatCommit(unsignedCommit(10, 5)));
    const commit = (await journal.next())!;
    expect(commit).toMatchObject({ start: 10, count: 5 });
    await journal.accept(commit);
    expect(await journal.next()).toBeUndefined();
    expect(journal.end).toBe(15);
  });
});

describe("a journal that does not know how old its picture of the store is", () => {
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    bootMs: () => 0,
    sleep: async () => Promise.resolve(),
  };
  let objects: MemoryObjects;

  beforeEach(() => {
    objects = new MemoryObjects();
  });

  function openJournal(newest?: Commit): ObjectJournal {
    const copy = MemoryJournal.open([], { start: 10 });
    const options = { objects, copy, clock, trimDelayMs: TRIM_DELAY_MS, sealEnd, newest };
    return new ObjectJournal(options, { bootMs: 0, monotonicMs: 0 });
  }

  it("asks for seal records once it has read from a mirror, which may lag", async () => {
    const journal = openJournal();
    expect(await journal.nextFrom(new MemoryObjects())).toBeUndefined();
    // What is not on the mirror yet was sealed and trimmed at the primary.
    await objects.create(logKeys.segment(0), [Buffer.from("20")]);
    await expect(journal.next()).rejects.toMatchObject({ code: "log_stale" });
    await expect(journal.append(unsignedCommit(10, 1))).rejects.toMatchObject({ code: "log_stale" });
  });

  it("does not go on behind a copy that ends with a commit that the store does not have", async () => {
    const journal = openJournal(unsignedCommit(0, 10));
    await expect(journal.next()).rejects.toMatchObject({ code: "log_stale" });
    await expect(journal.append(unsignedCommit(10, 1))).rejects.toMatchObject({ code: "log_stale" });
    await objects.create(logKeys.commit(0), formatCommit(unsignedCommit(0, 10)));
    await expect(journal.append(unsignedCommit(10, 1))).rejects.toMatchObject({ code: "log_stale" });
    expect(await objects.get(logKeys.commit(10))).toBeUndefined();
  });

  it("goes on behind a copy that ends with a commit of the store", async () => {
    const newest = unsignedCommit(0, 10);
    await objects.create(logKeys.commit(0), formatCommit(newest));
    const journal = openJournal(newest);
    await journal.append(unsignedCommit(10, 1));
    expect(journal.end).toBe(11);
  });
});
