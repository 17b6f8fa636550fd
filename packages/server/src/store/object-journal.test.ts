import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../log/clock.ts";
import { formatCommit } from "./commit.ts";
import { ObjectJournal } from "./object-journal.ts";
import { logKeys } from "./store.ts";
import { unsignedCommit } from "./testing/commits.ts";
import { MemoryJournal } from "./testing/memory-journal.ts";
import { MemoryObjects } from "./testing/memory-objects.ts";

const TRIM_DELAY_MS = 60_000;

/** A seal record here is only where it ends. */
const sealEnd = (record: Buffer): number => Number(record.toString());

describe("a journal that stood still for longer than the trim delay", () => {
  let objects: MemoryObjects;
  let nowMs: number;
  let journal: ObjectJournal;

  beforeEach(async () => {
    objects = new MemoryObjects();
    nowMs = 0;
    const now = (): number => nowMs;
    const clock: Clock = { nowMs: now, monotonicMs: now, sleep: async () => Promise.resolve() };
    const copy = MemoryJournal.open([]);
    const options = { objects, copy, clock, trimDelayMs: TRIM_DELAY_MS, sealEnd };
    journal = new ObjectJournal(options, { wallMs: 0, monotonicMs: 0 });
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
