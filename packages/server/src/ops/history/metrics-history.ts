import { readFile, rename, stat } from "node:fs/promises";
import { MalformedError } from "@stele/proof";
import { replaceFile } from "../../store/durable-file.ts";
import { errorCode } from "../../store/storage-error.ts";
import { formatHistory, HISTORY_FILE_LENGTH_BYTES_MAX, parseHistory } from "./history-file.ts";
import { HistoryTable, RESOLUTIONS, type History, type HistoryRange } from "./history-table.ts";
import type { Sample } from "./series.ts";

export interface MetricsHistoryOptions {
  /** The file that it is kept in. */
  readonly path: string;
  /** What the node is at; must return at once. */
  readonly sample: () => readonly Sample[];
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Told if the history could not be read or kept: the node goes on without. */
  readonly onFailure: (what: string, error: unknown) => void;
}

const SAMPLE_EVERY_MS = RESOLUTIONS[0]!.stepSeconds * 1000;
const SAVE_EVERY_SAMPLES = 6;

/** What a node was at, over the last 30 days: figures taken every ten seconds, and kept over restarts. */
export class MetricsHistory {
  readonly #options: MetricsHistoryOptions;
  readonly #table: HistoryTable;
  #timer: NodeJS.Timeout | undefined;
  #unsaved = 0;
  #saving: Promise<void> | undefined;
  #failed = false;

  private constructor(options: MetricsHistoryOptions, table: HistoryTable) {
    this.#options = options;
    this.#table = table;
  }

  /** Never fails: a file that is no history is put aside, and begun anew. */
  static async open(options: MetricsHistoryOptions): Promise<MetricsHistory> {
    return new MetricsHistory(options, await load(options));
  }

  start(): void {
    if (this.#timer) return;
    this.#take();
    this.#wait();
  }

  /** @param log leaves out the series of other logs */
  read(range: HistoryRange, log?: string): History {
    return this.#table.read(range, this.#options.nowMs() / 1000, log);
  }

  /** Keeps what is not kept yet. Does not fail if that fails. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#saving;
    if (this.#unsaved > 0) await this.#save();
  }

  /** Until the next step begins, so that none is missed or taken twice. */
  #wait(): void {
    const delayMs = SAMPLE_EVERY_MS - (this.#options.nowMs() % SAMPLE_EVERY_MS);
    this.#timer = setTimeout(() => {
      this.#take();
      this.#wait();
    }, delayMs + 1).unref();
  }

  #take(): void {
    const { nowMs, sample } = this.#options;
    this.#table.record(nowMs() / 1000, sample());
    this.#unsaved++;
    if (this.#unsaved < SAVE_EVERY_SAMPLES || this.#saving) return;
    this.#saving = this.#save().finally(() => (this.#saving = undefined));
  }

  async #save(): Promise<void> {
    const { path, onFailure } = this.#options;
    this.#unsaved = 0;
    try {
      await replaceFile(path, await formatHistory(this.#table), 0o600);
      this.#failed = false;
    } catch (error) {
      // Told once: it is tried again each minute.
      if (!this.#failed) onFailure("keeping the metrics history", error);
      this.#failed = true;
    }
  }
}

async function load({ path, onFailure }: MetricsHistoryOptions): Promise<HistoryTable> {
  try {
    const { size } = await stat(path);
    if (size > HISTORY_FILE_LENGTH_BYTES_MAX) {
      throw new MalformedError("history_malformed", `${path} is longer than a metrics history is`);
    }
    return await parseHistory(await readFile(path));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return new HistoryTable();
    const aside = `${path}.damaged`;
    onFailure(`reading the metrics history ${path} (begun anew; what was there is ${aside})`, error);
    await rename(path, aside).catch((cause: unknown) => onFailure(`putting ${path} aside`, cause));
    return new HistoryTable();
  }
}
