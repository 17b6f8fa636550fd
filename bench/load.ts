/*
 * The load generator: a process of its own. Takes a job on standard input, prints the result as JSON.
 */
import { hash, randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Traffic } from "../packages/cli/src/traffic.ts";
import { RawConnection } from "./raw-client.ts";

export interface LoadJob {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  readonly eventsPerRequest: number;
  /** Either so many events as fast as they are taken, each one new … */
  readonly events?: number;
  /** … or for so long, from a stock of bodies whose ids are made new each time. */
  readonly seconds?: number;
  /** Events a second; as fast as they are taken unless told. */
  readonly rate?: number;
  readonly seed: number;
}

export interface LoadResult {
  readonly events: number;
  readonly seconds: number;
  readonly requestBytes: number;
  /** Milliseconds from the request to its acknowledgement, one a request. */
  readonly latenciesMs: readonly number[];
  /** JSON.parse + SHA-256 of the same events on one core, in events a second. */
  readonly floor: number;
}

const STOCK_EVENTS = 100_000;
const WARM_UP_SHARE = 0.15;

/** Bodies of NDJSON, and where the ids in them are. */
class Stock {
  readonly bodies: Buffer[] = [];
  readonly #ids: number[][] = [];
  readonly #traffic: Traffic;
  readonly #perBody: number;
  #atMs = Date.UTC(2026, 0, 1);
  #next = 0;

  constructor(seed: number, perBody: number, bodies: number) {
    this.#traffic = new Traffic({ seed, tenants: 100, users: 200 });
    this.#perBody = perBody;
    for (let i = 0; i < bodies; i++) this.bodies.push(this.make());
    for (const body of this.bodies) {
      const ids: number[] = [];
      for (let at = body.indexOf('"id":"'); at >= 0; at = body.indexOf('\n{"id":"', at + 1)) {
        ids.push(body.indexOf('"id":"', at) + 6);
      }
      this.#ids.push(ids);
    }
  }

  /** A body of events that never were before. */
  make(): Buffer {
    const lines: string[] = [];
    for (let i = 0; i < this.#perBody; i++) lines.push(this.#traffic.json((this.#atMs += 9)), "\n");
    return Buffer.from(lines.join(""));
  }

  /** A body of the stock with new ids: the last 20 hex digits of each are random. */
  reuse(): Buffer {
    const n = this.#next++ % this.bodies.length;
    const body = this.bodies[n]!;
    const random = randomBytes(this.#ids[n]!.length * 8).toString("hex");
    for (const [i, at] of this.#ids[n]!.entries()) {
      body.write(random.slice(i * 16, i * 16 + 4), at + 14 + 1, "latin1");
      body.write(random.slice(i * 16 + 4, i * 16 + 16), at + 24, "latin1");
    }
    return body;
  }
}

function measureFloor(bodies: readonly Buffer[]): number {
  const lines = bodies.flatMap((body) => body.toString().trimEnd().split("\n")).slice(0, STOCK_EVENTS);
  const bytes = lines.map((line) => Buffer.from(line));
  const started = performance.now();
  let sum = 0;
  for (const line of bytes) {
    const event = JSON.parse(line.toString()) as { id: string };
    sum += event.id.length + hash("sha256", line, "binary").length;
  }
  if (sum === 0) throw new Error("nothing was measured");
  return lines.length / ((performance.now() - started) / 1000);
}

async function run(job: LoadJob): Promise<LoadResult> {
  const { url, path, connections, eventsPerRequest, events, seconds, rate, seed } = job;
  const stock = new Stock(seed, eventsPerRequest, Math.ceil(STOCK_EVENTS / eventsPerRequest));
  const floor = measureFloor(stock.bodies);
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => RawConnection.open(new URL(url))),
  );
  const latencies: { atMs: number; ms: number }[] = [];
  let sent = 0;
  let requestBytes = 0;
  const started = performance.now();
  const endMs = seconds === undefined ? Infinity : started + seconds * 1000;
  const total = events ?? Infinity;

  const worker = async (socket: RawConnection): Promise<void> => {
    while (sent < total && performance.now() < endMs) {
      const place = sent;
      sent += eventsPerRequest;
      if (rate !== undefined) {
        const dueMs = started + (place / rate) * 1000;
        const waitMs = dueMs - performance.now();
        if (waitMs > 0.5) await sleep(waitMs);
      }
      const body = events === undefined ? stock.reuse() : stock.make();
      requestBytes += body.length;
      const before = performance.now();
      const answer = await socket.post(path, "application/x-ndjson", body);
      if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.body.toString().slice(0, 500)}`);
      const after = performance.now();
      latencies.push({ atMs: after, ms: after - before });
    }
  };
  await Promise.all(sockets.map(worker));
  for (const socket of sockets) socket.close();

  // What comes first finds a cold node: compilers, caches, connections.
  const finished = performance.now();
  const fromMs = events === undefined ? started + (finished - started) * WARM_UP_SHARE : started;
  const counted = latencies.filter(({ atMs }) => atMs >= fromMs);
  return {
    events: counted.length * eventsPerRequest,
    seconds: (finished - fromMs) / 1000,
    requestBytes,
    latenciesMs: counted.map(({ ms }) => ms),
    floor,
  };
}

process.stdout.write(JSON.stringify(await run(JSON.parse(await text(process.stdin)) as LoadJob)));
