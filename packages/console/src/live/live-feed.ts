import type { SteleClient, LogEntry } from "@stele/client";
import { UnavailableError } from "@stele/proof";
import { isTokenRefused } from "../app/session.ts";
import { liveEvent } from "./live-event.ts";
import { LiveRows, type RowsView } from "./live-rows.ts";
import { RateMeter, type Rates } from "./rate-meter.ts";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** Not now; it is tried again. */
  | { readonly state: "lost"; readonly sinceMs: number; readonly why: string }
  /** Enough waits; nothing is read until the list is let go. */
  | { readonly state: "resting" }
  /** Trying again is useless until something else changes. Without an error: the page asks for another token. */
  | { readonly state: "ended"; readonly error: unknown };

export interface LiveView extends RowsView {
  readonly connection: Connection;
  /** Events below it have been seen, or the filter left them out; undefined until the node said where it begins. */
  readonly next: number | undefined;
  /** How many events have come since the beginning. */
  readonly received: number;
}

export interface FeedOptions {
  readonly query: string;
  /** The first leaf index; undefined: what comes from now on. */
  readonly from: number | undefined;
  /** Calls back once what changed can be drawn. */
  readonly schedule: (draw: () => void) => void;
}

type Source = Pick<SteleClient, "tail" | "info">;

/** Longer than this without a pause, and the page stutters. */
const SLICE_MS = 8;
const PAUSE_MS_MAX = 5_000;

/**
 * Follows a log and keeps what came. When the connection breaks, or the node asks for another token, it goes on behind the
 * last event: none is left out, and none comes twice.
 */
export class LiveFeed {
  readonly #options: FeedOptions;
  readonly #rows: LiveRows;
  readonly #meter = new RateMeter();
  readonly #listeners = new Set<() => void>();
  #connection: Connection = { state: "connecting" };
  #next: number | undefined;
  #received = 0;
  #view: LiveView;
  #scheduled = false;
  #life = new AbortController();
  #wake: () => void = () => undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#rows = new LiveRows(options.query.trim() === "");
    this.#next = options.from;
    this.#view = this.#currentView();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until something changed. */
  readonly view = (): LiveView => this.#view;

  rates(): Rates {
    return this.#meter.rates(performance.now());
  }

  /** Reads until {@link LiveFeed.stop}, from where it was if it has read before. */
  start(source: Source): void {
    this.#life = new AbortController();
    this.#connected({ state: "connecting" });
    void this.#run(source, this.#life.signal);
  }

  stop(): void {
    this.#life.abort();
  }

  hold(): void {
    this.#rows.hold();
    this.#changed();
  }

  release(): void {
    this.#rows.release();
    this.#wake();
    this.#changed();
  }

  clear(): void {
    this.#rows.clear();
    this.#changed();
  }

  async #run(source: Source, signal: AbortSignal): Promise<void> {
    for (let fruitless = 0; !signal.aborted; fruitless++) {
      try {
        if (this.#rows.isFull) await this.#rest(signal);
        const from = (this.#next ??= (await source.info({ signal })).treeSize);
        this.#rows.begin(from);
        const onOpened = () => {
          fruitless = 0;
          this.#connected({ state: "open" });
        };
        const onEnded = (error: unknown) => this.#lost(error);
        const onReached = (index: number) => this.#reached(index);
        await this.#read(source.tail(this.#options.query, { from, signal, onOpened, onEnded, onReached }));
      } catch (error) {
        if (signal.aborted) return;
        if (isTokenRefused(error)) return this.#connected({ state: "ended", error: undefined });
        if (!(error instanceof UnavailableError)) return this.#connected({ state: "ended", error });
        this.#lost(error);
        await pause(Math.random() * Math.min(PAUSE_MS_MAX, 250 * 2 ** fruitless), signal);
      }
    }
  }

  /** Returns when there is no room for more. */
  async #read(entries: AsyncIterable<LogEntry>): Promise<void> {
    let sliceMs = performance.now();
    for await (const entry of entries) {
      const nowMs = performance.now();
      this.#rows.take(liveEvent(entry));
      this.#meter.count(nowMs);
      this.#received++;
      this.#reached(entry.index);
      if (this.#rows.isFull) return;
      if (nowMs - sliceMs > SLICE_MS) {
        await nextTask();
        sliceMs = performance.now();
      }
    }
  }

  /** Until the list is let go. */
  async #rest(signal: AbortSignal): Promise<void> {
    this.#connected({ state: "resting" });
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #reached(index: number): void {
    if (index < (this.#next ?? 0)) return;
    this.#next = index + 1;
    this.#changed();
  }

  #lost(error: unknown): void {
    // What failed first stays the reason; what is tried after it fails for the same one.
    const sinceMs = this.#connection.state === "lost" ? this.#connection.sinceMs : Date.now();
    const why = error instanceof UnavailableError ? error.message : "The connection broke";
    this.#connected({ state: "lost", sinceMs, why });
  }

  #connected(connection: Connection): void {
    this.#connection = connection;
    this.#changed();
  }

  /** However much changes, it is drawn once a frame. */
  #changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.schedule(() => {
      this.#scheduled = false;
      this.#view = this.#currentView();
      for (const listener of this.#listeners) listener();
    });
  }

  #currentView(): LiveView {
    return {
      ...this.#rows.view(),
      connection: this.#connection,
      next: this.#next,
      received: this.#received,
    };
  }
}

/** Lets the browser draw, and take keys. Timers would be slowed down where nobody looks, and the log runs on. */
async function nextTask(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
