import { setTimeout as sleep } from "node:timers/promises";
import { SteleClient, type Receipt } from "@stele/client";
import type { Ledger } from "./ledger.ts";

export interface LoadOptions {
  readonly endpoints: readonly string[];
  readonly ledger: Ledger;
  readonly eventsPerSecond: number;
}

export interface LoadFigures {
  /** Requests that failed: no answer, or 5xx. The client sends each of them again. */
  readonly requestsFailed: number;
  /** Batches that the client gave up. */
  readonly writesFailed: number;
  /** The longest time in which nothing at all was acknowledged. */
  readonly longestGapMs: number;
  /** From the first attempt of a batch to its acknowledgement. */
  readonly slowestWriteMs: number;
  /** What the requests failed with, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

const BATCH_EVENTS = 50;
/** What is behind schedule is caught up by so many batches at once. */
const BATCHES_PARALLEL_MAX = 16;
/** Longer than any fault: whoever waits that long was let down. */
const WRITE_TIMEOUT_MS = 90_000;

/** Sends events at a steady rate, as producers do: by the client library, each batch again until it is acknowledged. */
export class EventLoad {
  readonly #options: LoadOptions;
  readonly #client: SteleClient;
  readonly #workers: Promise<void>[];
  readonly #started = performance.now();
  readonly #failures = new Map<string, number>();
  readonly #giveUps: unknown[] = [];
  #batches = 0;
  #stopping = false;
  #requestsFailed = 0;
  #lastSuccess = this.#started;
  #longestGapMs = 0;
  #slowestWriteMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#client = new SteleClient({
      endpoints: options.endpoints,
      timeoutMs: WRITE_TIMEOUT_MS,
      attemptsMax: Number.MAX_SAFE_INTEGER,
      fetch: (url, init) => this.#fetch(url, init),
    });
    this.#workers = Array.from({ length: BATCHES_PARALLEL_MAX }, () => this.#work());
  }

  /** Sends no more, and returns once everything that was sent is acknowledged or given up. */
  async stop(): Promise<LoadFigures> {
    this.#stopping = true;
    await Promise.all(this.#workers);
    return {
      requestsFailed: this.#requestsFailed,
      writesFailed: this.#giveUps.length,
      longestGapMs: this.#longestGapMs,
      slowestWriteMs: this.#slowestWriteMs,
      failures: this.#failures,
    };
  }

  async #work(): Promise<void> {
    const { ledger, eventsPerSecond } = this.#options;
    while (!this.#stopping) {
      const dueMs = this.#started + (this.#batches * BATCH_EVENTS * 1_000) / eventsPerSecond;
      this.#batches++;
      await sleep(Math.max(0, dueMs - performance.now()));
      const begun = performance.now();
      const numbers = ledger.send(BATCH_EVENTS);
      try {
        const { receipts } = await this.#client.append(
          numbers.map((number) => event(ledger.idOf(number), number)),
        );
        this.#acknowledged(numbers, receipts, begun);
      } catch (error) {
        this.#giveUps.push(error);
        this.#count(`given up: ${String(error)}`);
      }
    }
  }

  #acknowledged(numbers: readonly number[], receipts: readonly Receipt[], begun: number): void {
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastSuccess);
    this.#lastSuccess = now;
    this.#slowestWriteMs = Math.max(this.#slowestWriteMs, now - begun);
    for (const [i, receipt] of receipts.entries()) {
      const number = numbers[i]!;
      if (receipt.id !== this.#options.ledger.idOf(number)) throw new Error(`A receipt of ${receipt.id}`);
      this.#options.ledger.acknowledge(number, receipt, now);
    }
  }

  async #fetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    try {
      const response = await fetch(url, init);
      if (!response.ok) this.#failed(`${response.status} ${errorCode(await response.clone().text())}`);
      return response;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      this.#failed(
        cause instanceof Error && "code" in cause && typeof cause.code === "string"
          ? cause.code
          : String(cause),
      );
      throw error;
    }
  }

  #failed(what: string): void {
    this.#requestsFailed++;
    this.#count(what);
  }

  #count(what: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }
}

function errorCode(body: string): string {
  return /"code":"(\w+)"/.exec(body)?.[1] ?? "";
}

/** Some 400 bytes, as an entry. */
function event(id: string, number: number) {
  return {
    id,
    action: ["document.read", "document.updated", "session.started"][number % 3]!,
    actor: { type: "user", id: `user-${number % 997}`, name: `User ${number % 997}` },
    targets: [{ type: "document", id: `doc-${number % 9973}` }],
    context: { ip: `10.0.${number % 250}.${number % 241}`, user_agent: "Mozilla/5.0 (X11; Linux x86_64)" },
    outcome: number % 50 === 0 ? ("denied" as const) : ("success" as const),
    metadata: { request: number * 2_654_435_761, region: "eu-central-1" },
  };
}
