import type { Segment } from "../search/segment.ts";
import type { Clock } from "./clock.ts";
import { IdWindow } from "./id-window.ts";
import type { LogState } from "./log-state.ts";

export interface SealedIdsOptions {
  readonly state: LogState;
  /** Reads all entries of a segment, in order. */
  readonly readSegment: (
    segment: Segment,
  ) => AsyncIterable<{ readonly start: number; readonly entries: readonly Uint8Array[] }>;
  readonly clock: Clock;
  /** Ends reading in the background. */
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;

/**
 * The ids of sealed entries that the window covers, read when a log is opened: an id is new only if none of them has it, so
 * nothing may be committed before.
 */
export class SealedIds {
  readonly #options: SealedIdsOptions;
  #reading: Promise<void> | undefined;

  constructor(options: SealedIdsOptions) {
    this.#options = options;
  }

  /** Whether they are still being read in the background. */
  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Reads those of the segments that the window covers. @throws what reading segments throws */
  async read(segments: readonly Segment[]): Promise<void> {
    const { state, readSegment } = this.#options;
    for (const segment of this.#covered(segments)) {
      for await (const { start, entries } of readSegment(segment)) {
        for (const [i, entry] of entries.entries()) state.addId(start + i, entry, 0);
      }
    }
  }

  /** The same while searches are served, until it succeeds: segments may have to be fetched, and the store be out. */
  readInBackground(segments: readonly Segment[]): void {
    const covered = this.#covered(segments);
    if (covered.length > 0) this.#reading = this.#readInTime(covered);
  }

  /** Resolves when nothing is read any more. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #covered(segments: readonly Segment[]): Segment[] {
    const from = IdWindow.start(this.#options.state.tree.size);
    return segments.filter(({ end }) => end > from);
  }

  async #readInTime(segments: readonly Segment[]): Promise<void> {
    const { clock, signal, onFailure } = this.#options;
    for (let pauseMs = RETRY_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
      try {
        await this.read(segments);
        break;
      } catch (error) {
        onFailure(error);
        await clock.sleep(pauseMs, signal);
      }
    }
    this.#reading = undefined;
  }
}
