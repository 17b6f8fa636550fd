import { createPrivateKey, randomFillSync } from "node:crypto";
import { expect, it } from "vitest";
import { DEFAULT_EVENT_LIMITS } from "../event/limits.ts";
import { EventNormalizer } from "../event/normalizer.ts";
import { MemoryJournal } from "../store/testing/memory-journal.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import { systemClock } from "./clock.ts";
import { identityOf } from "./log-key.ts";
import { LogState } from "./log-state.ts";
import { Mutex } from "./mutex.ts";
import { Sequencer } from "./sequencer.ts";

const SEED = { k0: 1, k1: 2 };
const ORIGIN = "sequencer.example/log";
/** RFC 8410, appendix A.3. */
const KEY = createPrivateKey(
  "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n",
);

it("refuses more while what it committed waits for a mirror, however fast it commits", async () => {
  const normalizer = new EventNormalizer({
    limits: DEFAULT_EVENT_LIMITS,
    idHashSeed: SEED,
    fillRandom: (bytes) => void randomFillSync(bytes),
  });
  const body = Buffer.from('{"action":"a.b","actor":{"type":"user","id":"u"}}');
  const journal = MemoryJournal.open([]);
  const { promise: mirrored, resolve: mirror } = Promise.withResolvers<void>();
  let committed = Promise.withResolvers<void>();
  let head: SignedTreeHead = { treeSize: 0, root: Buffer.alloc(32), note: Buffer.alloc(0) };
  const sequencer = new Sequencer({
    journal,
    state: new LogState(ORIGIN, SEED),
    identity: identityOf(ORIGIN, "2026-01-01T00:00:00.000Z", KEY),
    clock: systemClock,
    exclusive: new Mutex(),
    head: () => head,
    readEntries: (from, to) => journal.readEntries(from, to),
    onCommitted: async (commit) => {
      ({ head } = commit);
      committed.resolve();
    },
    assured: () => mirrored,
    limits: { queueBytesMax: 1_000 },
  });
  const submit = async () =>
    await sequencer.submit(
      async () => normalizer.normalize(body, "json", "2026-01-01T00:00:00.000Z"),
      body.length,
    );
  const acknowledged: Promise<unknown>[] = [];
  let refusal: unknown;
  while (refusal === undefined && acknowledged.length < 20) {
    committed = Promise.withResolvers<void>();
    const submitted = submit();
    const outcome = await Promise.race([submitted.catch((error: unknown) => error), committed.promise]);
    if (outcome === undefined) acknowledged.push(submitted);
    else refusal = outcome;
  }
  expect(refusal).toMatchObject({ code: "overloaded" });
  expect(sequencer.queuedBytes).toBeLessThan(1_500);
  mirror();
  await Promise.all(acknowledged);
  expect(sequencer.queuedBytes).toBe(0);
  expect(await submit()).toMatchObject({ count: 1 });
  await sequencer.close();
});
