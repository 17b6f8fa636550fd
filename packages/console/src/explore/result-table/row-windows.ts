import type { LogEntry } from "@stele/client";

export interface RowWindowsOptions {
  readonly rowsPerWindow: number;
  /** How many windows are kept: the memory of it. */
  readonly windowsMax: number;
  /** How many are asked for at one time. */
  readonly loadsMax: number;
  /** The rows from `offset` on. */
  readonly load: (offset: number, signal: AbortSignal) => Promise<readonly LogEntry[]>;
}

/**
 * The rows of a long result, of which only those near the view are there. Rows are kept in windows of fixed size;
 * windows that were not seen for longest are dropped, and loads that nobody waits for any more are ended.
 */
export class RowWindows {
  readonly #options: RowWindowsOptions;
  /** In the order of their last use. */
  readonly #windows = new Map<number, readonly LogEntry[]>();
  readonly #loads = new Map<number, AbortController>();
  readonly #listeners = new Set<() => void>();
  #wanted: readonly number[] = [];
  #version = 0;
  #error: unknown;

  constructor(options: RowWindowsOptions) {
    this.#options = options;
  }

  /** Grows with each change: a snapshot for `useSyncExternalStore`. */
  get version(): number {
    return this.#version;
  }

  /** Why a window that is in view is not there. */
  get error(): unknown {
    return this.#error;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Undefined while it is not there. */
  row(index: number): LogEntry | undefined {
    const { rowsPerWindow } = this.#options;
    return this.#windows.get(Math.floor(index / rowsPerWindow))?.[index % rowsPerWindow];
  }

  /** The row of an entry among those that are there. */
  find(leafIndex: number): number | undefined {
    for (const [window, rows] of this.#windows) {
      const at = rows.findIndex(({ index }) => index === leafIndex);
      if (at >= 0) return window * this.#options.rowsPerWindow + at;
    }
    return undefined;
  }

  /** Puts in rows that are known. */
  seed(window: number, rows: readonly LogEntry[]): void {
    this.#windows.set(window, rows);
  }

  /** Rows `first` to `last` are in view: they are loaded, and others no longer. */
  want(first: number, last: number): void {
    const { rowsPerWindow } = this.#options;
    const [from, to] = [Math.floor(first / rowsPerWindow), Math.floor(last / rowsPerWindow)];
    this.#wanted = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    for (const window of this.#wanted) {
      const rows = this.#windows.get(window);
      if (!rows) continue;
      this.#windows.delete(window);
      this.#windows.set(window, rows);
    }
    for (const [window, load] of this.#loads) if (!this.#wanted.includes(window)) load.abort();
    if (this.#error === undefined) this.#loadNext();
  }

  /** Tries again after an error. */
  retry(): void {
    this.#error = undefined;
    this.#changed();
    this.#loadNext();
  }

  /** Ends all loads. */
  close(): void {
    this.#wanted = [];
    for (const load of this.#loads.values()) load.abort();
  }

  #loadNext(): void {
    const missing = this.#wanted.filter((window) => !this.#windows.has(window) && !this.#loads.has(window));
    for (const window of missing.slice(0, Math.max(0, this.#options.loadsMax - this.#loads.size))) {
      void this.#load(window);
    }
  }

  async #load(window: number): Promise<void> {
    const { load, rowsPerWindow } = this.#options;
    const controller = new AbortController();
    this.#loads.set(window, controller);
    try {
      const rows = await load(window * rowsPerWindow, controller.signal);
      this.#windows.set(window, rows);
      this.#dropOldest();
      this.#changed();
    } catch (error) {
      if (!controller.signal.aborted) {
        this.#error = error;
        this.#changed();
      }
    } finally {
      this.#loads.delete(window);
    }
    if (this.#error === undefined) this.#loadNext();
  }

  #dropOldest(): void {
    for (const window of this.#windows.keys()) {
      if (this.#windows.size <= this.#options.windowsMax) return;
      if (!this.#wanted.includes(window)) this.#windows.delete(window);
    }
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}
