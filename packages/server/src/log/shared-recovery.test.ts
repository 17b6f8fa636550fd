import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ORIGIN } from "../search/testing/test-log.ts";
import { parseSegmentRecord } from "../search/segment-record.ts";
import { FallbackObjects } from "../store/fallback.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import { MemoryJournal, type KeptCommits } from "../store/testing/memory-journal.ts";
import { MemoryObjects } from "../store/testing/memory-objects.ts";
import { SignedLog } from "../mirror/testing/signed-log.ts";
import { systemClock } from "./clock.ts";
import { recoverShared, type SharedRecovery } from "./shared-recovery.ts";

const TRIM_DELAY_MS = 60 * 60 * 1000;

let log: SignedLog;
let kept: KeptCommits;

beforeEach(async () => {
  log = await SignedLog.create();
  kept = [];
});

afterEach(async () => await log[Symbol.asyncDispose]());

async function recover(objects: ObjectStore, fallback?: ObjectStore): Promise<SharedRecovery> {
  return await recoverShared({
    identity: { origin: ORIGIN, trying: async (verify) => verify(log.keys) },
    objects,
    fallback,
    clock: systemClock,
    trimDelayMs: TRIM_DELAY_MS,
    idHashSeed: { k0: 1, k1: 2 },
    readRecord: async (key) => parseSegmentRecord((await (fallback ?? objects).get(key))!, log.verifier, key),
    openCopy: async (start, visit) => MemoryJournal.open(kept, { start, visit }),
    dropCopy: async () => void kept.splice(0),
  });
}

describe("recovering a log that nodes share", () => {
  it("does not take what a mirror lacks for the log's end when the primary comes back meanwhile", async () => {
    for (let i = 0; i < 3; i++) await log.commit(256);
    await log.seal(512);
    // The trim delay has passed long ago; the mirror has nothing of all that.
    await log.objects.delete([logKeys.commit(0)]);
    const mirror = new MemoryObjects();
    const lagging: ObjectStore = {
      place: "mirror",
      create: (key, pieces) => mirror.create(key, pieces),
      get: (key) => mirror.get(key),
      async *list(prefix, after) {
        log.objects.out = false;
        yield* mirror.list(prefix, after);
      },
      delete: (keys) => mirror.delete(keys),
    };
    log.objects.out = true;
    const fallback = new FallbackObjects(log.objects, [lagging], { clock: systemClock });
    await expect(recover(log.objects, fallback)).rejects.toMatchObject({ code: "log_stale" });
    expect((await recover(log.objects)).journal.end).toBe(768);
  });

  it("drops a copy that ends in a history that the store does not have", async () => {
    await log.commit(100);
    const promoted = new MemoryObjects();
    await promoted.create(logKeys.commit(0), [(await log.objects.get(logKeys.commit(0)))!]);
    await log.commit(50);
    expect((await recover(log.objects)).journal.end).toBe(150);
    expect(kept).toHaveLength(2);
    const { journal, state } = await recover(promoted);
    expect(journal.end).toBe(100);
    expect(state.tree.size).toBe(100);
    expect(kept).toHaveLength(1);
  });
});
