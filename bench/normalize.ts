/**
 * What it costs to make entries of events, in µs of one core per event, beside the floor measured in the same run:
 * JSON.parse and SHA-256 of the same events. `node bench/normalize.ts [--smoke]`
 */
import { hash, randomFillSync } from "node:crypto";
import { DEFAULT_EVENT_LIMITS } from "../packages/server/src/event/limits.ts";
import { EventNormalizer } from "../packages/server/src/event/normalizer.ts";

const EVENTS = 1_000;
const ROUNDS = process.argv.includes("--smoke") ? 20 : 400;
const RECEIVED_AT = "2026-03-01T12:00:00.000Z";

/** An event of about 500 bytes. */
function event(i: number) {
  const hex = (i * 2_654_435_761).toString(16).padStart(12, "0").slice(-12);
  return {
    id: `0195f1d2-7c00-7000-8000-${hex}`,
    occurred_at: `2026-03-01T11:59:${String(i % 60).padStart(2, "0")}.${String(i % 1000).padStart(3, "0")}Z`,
    action: ["document.updated", "document.read", "user.login", "policy.attached"][i % 4]!,
    actor: { type: "user", id: `user_${i % 977}`, name: `Person Number ${i % 977}` },
    targets: [{ type: "document", id: `doc_${i * 31}`, name: "Quarterly report" }],
    context: {
      ip: `10.${i % 200}.${i % 250}.7`,
      user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0",
      request_id: `req-${hex}`,
    },
    outcome: i % 9 === 0 ? "failure" : "success",
    tenant: `tenant-${i % 50}`,
    metadata: { region: "eu-central-1", attempt: i % 5, bytes: i * 1013, ratio: 0.5, dry_run: false },
  };
}

type Event = ReturnType<typeof event>;

/** The same in an order of its own, without what the server adds, and with text that is not ASCII. */
function unordered(i: number) {
  const { id: _, occurred_at, actor, context, metadata, ...rest } = event(i);
  const { type, id } = actor;
  return { metadata, context, actor: { id, type, name: `Zoë “${i % 977}” Łukasz` }, ...rest, occurred_at };
}

/** The lowest of all rounds is what it costs; the others had company. */
function microsecondsPerEvent(work: () => void): number {
  let lowest = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    work();
    lowest = Math.min(lowest, performance.now() - start);
  }
  return (lowest * 1000) / EVENTS;
}

function measure(name: string, make: (i: number) => Partial<Event>): void {
  const lines = Array.from({ length: EVENTS }, (_, i) => JSON.stringify(make(i)));
  const bodies = {
    json: Buffer.from(`[${lines.join(",")}]`),
    ndjson: Buffer.from(lines.join("\n")),
  };
  const leaves = lines.map((line) => Buffer.from(line));
  const normalizer = new EventNormalizer({
    limits: DEFAULT_EVENT_LIMITS,
    idHashSeed: { k0: 1, k1: 2 },
    fillRandom: randomFillSync,
  });
  const parse = microsecondsPerEvent(() => {
    for (const line of lines) JSON.parse(line);
  });
  const sha256 = microsecondsPerEvent(() => {
    for (const leaf of leaves) hash("sha256", leaf, "binary");
  });
  console.log(`${name}: ${Math.round(bodies.ndjson.length / EVENTS)} bytes an event`);
  console.log(
    `  JSON.parse ${parse.toFixed(2)} + SHA-256 ${sha256.toFixed(2)} = ${(parse + sha256).toFixed(2)} µs`,
  );
  for (const type of ["json", "ndjson"] as const) {
    let count = 0;
    const cost = microsecondsPerEvent(() => {
      count += normalizer.normalize(bodies[type], type, RECEIVED_AT).count;
    });
    if (count !== EVENTS * ROUNDS) throw new Error(`${count} entries of ${EVENTS * ROUNDS}`);
    const ratio = cost / (parse + sha256);
    console.log(`  normalize ${type.padEnd(6)} ${cost.toFixed(2)} µs, ${ratio.toFixed(2)} times that`);
  }
}

console.log(`Node ${process.version}, ${process.arch}, batches of ${EVENTS}, lowest of ${ROUNDS}`);
measure("in the order of an entry", event);
measure("in another order, not ASCII, no id", unordered);
