import { DEFAULT_EVENT_LIMITS } from "../packages/server/src/event/limits.ts";
import { EventNormalizer } from "../packages/server/src/event/normalizer.ts";
import { sourcesOfPieces } from "../packages/server/src/sources/entry-source.ts";
import { SourceTable } from "../packages/server/src/sources/source-table.ts";
import { fixed, percentile } from "./statistics.ts";

/** What following sources adds to a commit, against making its entries, in turns in one run. Microseconds an event. */
const EVENTS = 1_000;
const ROUNDS = 60;
const ROUNDS_WARM = 20;

const KINDS: readonly (readonly [string, (seq: number) => object])[] = [
  ["no source", () => ({ metadata: { region: "eu" } })],
  ["a source, no metadata", (seq) => ({ source: { id: `app-${seq % 100}`, seq: Math.floor(seq / 100) } })],
  [
    "a source and metadata",
    (seq) => ({
      source: { id: `app-${seq % 100}`, seq: Math.floor(seq / 100) },
      metadata: { region: "eu", attempt: 1 },
    }),
  ],
];

for (const [name, fields] of KINDS) {
  const normalizer = new EventNormalizer({
    limits: DEFAULT_EVENT_LIMITS,
    idHashSeed: { k0: 1, k1: 2 },
    fillRandom: (bytes) => void crypto.getRandomValues(bytes),
  });
  const table = new SourceTable();
  const made: number[] = [];
  const followed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const events = Array.from({ length: EVENTS }, (_, i) => ({
      action: "document.updated",
      actor: { type: "user", id: `u-${i % 50}`, name: "Alice Example" },
      targets: [{ type: "document", id: `doc_${i}` }],
      context: { ip: "10.1.2.3", user_agent: "Mozilla/5.0 (X11; Linux x86_64)", request_id: `req-${i}` },
      outcome: "success",
      ...fields(round * EVENTS + i),
    }));
    const body = Buffer.from(JSON.stringify(events));
    const begun = performance.now();
    const { bytes } = normalizer.normalize(body, "json", "2026-11-21T10:00:00.000Z");
    const between = performance.now();
    for (const entry of sourcesOfPieces([bytes], round * EVENTS)) table.add(entry);
    const ended = performance.now();
    if (round < ROUNDS_WARM) continue;
    made.push(between - begun);
    followed.push(ended - between);
  }
  const [of, more] = [made, followed].map((times) => (percentile(times, 0.5) * 1000) / EVENTS);
  console.log(
    `${name}: entries made in ${fixed(of!, 2)} µs, sources followed in ${fixed(more!, 3)} µs: ${fixed(more! / of!, 3)}`,
  );
}
