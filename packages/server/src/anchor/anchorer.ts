import { createHash } from "node:crypto";
import type { SignedTreeHead } from "../log/audit-log.ts";
import type { Clock } from "../log/clock.ts";
import type { Alarms } from "../ops/alarms.ts";
import type { Anchors } from "./anchors.ts";
import type { TsaClient } from "./tsa-client.ts";

export interface AnchoringOptions {
  /** Authorities that are to time-stamp each anchor; none: the checkpoint is kept with its cosignatures alone. */
  readonly tsas: readonly TsaClient[];
  /** An hour unless told. */
  readonly everyMs?: number;
}

export interface AnchorerOptions extends AnchoringOptions {
  readonly log: string;
  /** What the log publishes now; undefined if nothing was published yet. */
  readonly published: () => SignedTreeHead | undefined;
  readonly anchors: Anchors;
  /** Whether this node is the one to do it in this period, of all nodes of the log. */
  readonly claim: (period: number) => Promise<boolean>;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** Told of what fails here, not at an authority. */
  readonly onFailure: (error: unknown) => void;
}

const EVERY_MS = 60 * 60 * 1000;
const LOOK_MS = 5_000;
const RETRY_MS = 60_000;

/** An anchor of which not every authority has given a time-stamp yet. */
interface Unstamped {
  readonly treeSize: number;
  readonly digest: Uint8Array;
  readonly tsas: Set<TsaClient>;
  retryMs: number;
}

/**
 * Keeps the published checkpoint of one log once in a period, if the log has grown, and has it time-stamped. It works beside the log:
 * no write waits for it. An authority that gives nothing is an alarm, and is asked again until the next anchor.
 */
export class Anchorer {
  readonly #options: AnchorerOptions;
  readonly #everyMs: number;
  readonly #closing = new AbortController();
  #period: number | undefined;
  #newestSize = 0;
  #unstamped: Unstamped | undefined;
  #failure: string | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AnchorerOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? EVERY_MS;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#anchorIfDue();
        await this.#stamp();
        this.#failure = undefined;
      } catch (error) {
        this.#fail(error);
      }
      await clock.sleep(Math.min(LOOK_MS, this.#everyMs / 4), signal);
    }
  }

  async #anchorIfDue(): Promise<void> {
    const { published, anchors, claim, clock, tsas } = this.#options;
    const head = published();
    const period = Math.floor(clock.nowMs() / this.#everyMs);
    if (!head || head.treeSize === 0 || period === this.#period) return;
    if (head.treeSize <= this.#newestSize) return;
    const isMine = await claim(period);
    this.#period = period;
    if (!isMine) return;
    this.#newestSize = await anchors.newestSize(this.#newestSize);
    if (head.treeSize <= this.#newestSize) return;
    const checkpoint = await anchors.keep(head.treeSize, head.note);
    this.#newestSize = head.treeSize;
    this.#unstamped = {
      treeSize: head.treeSize,
      digest: createHash("sha256").update(checkpoint).digest(),
      tsas: new Set(tsas),
      retryMs: -Infinity,
    };
  }

  async #stamp(): Promise<void> {
    const unstamped = this.#unstamped;
    const { clock } = this.#options;
    if (!unstamped || unstamped.tsas.size === 0 || clock.monotonicMs() < unstamped.retryMs) return;
    unstamped.retryMs = clock.monotonicMs() + Math.min(RETRY_MS, this.#everyMs / 4);
    await Promise.all([...unstamped.tsas].map((tsa) => this.#ask(tsa, unstamped)));
  }

  async #ask(tsa: TsaClient, { treeSize, digest, tsas }: Unstamped): Promise<void> {
    const { log, alarms, anchors } = this.#options;
    const alarm = { code: "tsa_failing", log, subject: tsa.name };
    let response: Uint8Array;
    try {
      ({ response } = await tsa.stamp(digest, this.#closing.signal));
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      alarms.raise({
        ...alarm,
        severity: "warning",
        message: `${tsa.name} gives no time-stamp that verifies for the log ${log}: ${reason}. It is asked again each minute; events are accepted meanwhile`,
      });
      return;
    }
    await anchors.keepTimestamp(treeSize, response);
    tsas.delete(tsa);
    alarms.clear(alarm);
  }

  /** Told once, until it works again. */
  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#failure !== message) this.#options.onFailure(error);
    this.#failure = message;
  }
}
