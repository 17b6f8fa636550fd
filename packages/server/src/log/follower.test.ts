import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { identityOf } from "./log-key.ts";
import { ObjectJournal } from "../store/object-journal.ts";
import { logKeys } from "../store/store.ts";
import { MemoryJournal } from "../store/testing/memory-journal.ts";
import { MemoryObjects } from "../store/testing/memory-objects.ts";
import { SwitchedObjects } from "../store/testing/switched-objects.ts";
import type { Clock } from "./clock.ts";
import { Follower } from "./follower.ts";
import { LogState } from "./log-state.ts";
import { Mutex } from "./mutex.ts";

const ORIGIN = "follower.example/log";
/** A seal record here is only where it ends. */
const sealEnd = async (record: Buffer): Promise<number> => Number(record.toString());

it("tells that the log has to be opened anew also when the store was out before", async () => {
  let nowMs = 0;
  const now = (): number => nowMs;
  const clock: Clock = { nowMs: now, monotonicMs: now, bootMs: now, sleep: async () => Promise.resolve() };
  const objects = new SwitchedObjects(new MemoryObjects());
  const journal = new ObjectJournal(
    { objects, copy: MemoryJournal.open([]), clock, trimDelayMs: 60_000, sealEnd },
    { bootMs: 0, monotonicMs: 0 },
  );
  const told: unknown[] = [];
  const follower = new Follower({
    journal,
    state: new LogState(ORIGIN, { k0: 1, k1: 2 }),
    identity: identityOf(ORIGIN, "", generateKeyPairSync("ed25519").privateKey),
    clock,
    exclusive: new Mutex(),
    onFollowed: async () => Promise.resolve(),
    idlePauseMs: () => 500,
    onFailure: (error) => told.push((error as { code: string }).code),
    onRecovered: () => told.push("recovered"),
  });
  objects.out = true;
  await follower.look();
  await follower.look();
  // While this node could not reach the store, others went on, sealed, and trimmed.
  nowMs += 120_000;
  objects.out = false;
  await objects.create(logKeys.segment(0), [Buffer.from("256")]);
  await follower.look();
  await follower.look();
  expect(told).toEqual(["store_unavailable", "log_stale"]);
  await objects.delete([logKeys.segment(0)]);
  await follower.look();
  expect(told.at(-1)).toBe("recovered");
});
