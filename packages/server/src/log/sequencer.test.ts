import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { emptyRoot, UnavailableError } from "@stele/proof";
import { RECEIVED_AT, SEED, shared as normalizer } from "../event/testing/submission.ts";
import { ObjectJournal } from "../store/object-journal.ts";
import { MemoryJournal } from "../store/testing/memory-journal.ts";
import { MemoryObjects } from "../store/testing/memory-objects.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import { moment, systemClock as clock } from "./clock.ts";
import { Follower } from "./follower.ts";
import { identityOf } from "./log-key.ts";
import { LogState } from "./log-state.ts";
import { Mutex } from "./mutex.ts";
import { Sequencer } from "./sequencer.ts";

const identity = identityOf("test.example/log", "", generateKeyPairSync("ed25519").privateKey);
const EMPTY = await identity.signTreeHead(0, emptyRoot());

/** One of the nodes that share `objects`. */
class TestNode {
  isDiskFull = false;
  readonly #sequencer: Sequencer;

  constructor(objects: MemoryObjects) {
    const beforeWrite = (): void => {
      if (this.isDiskFull) throw new UnavailableError("storage_full", "The disk is full");
    };
    const copy = MemoryJournal.open([], { beforeWrite });
    const options = { objects, copy, clock, trimDelayMs: 3_600_000, sealEnd: async () => 0 };
    const journal = new ObjectJournal(options, moment(clock));
    const state = new LogState(identity.origin, SEED);
    let head: SignedTreeHead = EMPTY;
    const exclusive = new Mutex();
    const takeOver = async (committed: { head: SignedTreeHead }): Promise<void> => {
      head = committed.head;
    };
    const follower = new Follower({
      journal,
      state,
      identity,
      clock,
      exclusive,
      idlePauseMs: () => 100,
      onFollowed: takeOver,
      onFailure: () => undefined,
      onRecovered: () => undefined,
    });
    this.#sequencer = new Sequencer({
      journal,
      state,
      identity,
      clock,
      exclusive,
      head: () => head,
      readEntries: (from, to) => journal.readEntries(from, to),
      others: { catchUp: () => follower.catchUp(), look: () => follower.look() },
      onCommitted: takeOver,
    });
  }

  async append(id: string): Promise<unknown> {
    const body = Buffer.from(`{"id":"${id}","action":"a.b","actor":{"id":"bob"}}`);
    const batch = async () => normalizer.normalize(body, "json", RECEIVED_AT);
    const { receiptsJson } = await this.#sequencer.submit(batch, body.length);
    return (JSON.parse(Buffer.from(receiptsJson).toString()) as unknown[])[0];
  }
}

describe("an event that another node has committed", () => {
  it("is refused for now while the disk is full, and is a duplicate once it is not", async () => {
    const objects = new MemoryObjects();
    const first = new TestNode(objects);
    const second = new TestNode(objects);
    expect(await first.append("e1")).toMatchObject({ index: 0, duplicate: false });
    second.isDiskFull = true;
    // The first time it is seen to be there, the second time it is known.
    for (let time = 0; time < 2; time++) {
      await expect(second.append("e1")).rejects.toMatchObject({ code: "storage_full" });
    }
    second.isDiskFull = false;
    expect(await second.append("e1")).toMatchObject({ index: 0, duplicate: true });
    expect(await second.append("e2")).toMatchObject({ index: 1, duplicate: false });
    expect(await first.append("e2")).toMatchObject({ index: 1, duplicate: true });
  });
});
