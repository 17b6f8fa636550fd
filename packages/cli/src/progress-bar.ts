import { formatCount } from "./count.ts";
import type { Output } from "./terminal.ts";

const REDRAW_MS = 100;
const BAR_COLUMNS = 24;

/** One line on a terminal that says how far long work is. Silent where there is no terminal. */
export class ProgressBar {
  readonly #output: Output;
  readonly #unit: string;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #drawnMs = -Infinity;
  #shown = false;

  /** @param unit what is counted, in the plural; empty to show the fraction alone */
  constructor(output: Output, unit: string, nowMs: () => number = () => performance.now()) {
    this.#output = output;
    this.#unit = unit;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  /** @param fraction of [0, 1]; undefined if the end is not known */
  async update(done: number, fraction?: number): Promise<void> {
    const nowMs = this.#nowMs();
    if (!this.#output.isTTY || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#shown = true;
    const seconds = (nowMs - this.#startedMs) / 1000;
    const rate = seconds > 0.5 ? `  ${formatCount(done / seconds)}/s` : "";
    const counted = this.#unit === "" ? "" : `  ${formatCount(done)} ${this.#unit}${rate}`;
    const line = drawBar(fraction) + counted;
    await this.#output.write(`\r\u001B[2K${line.slice(0, (this.#output.columns ?? 80) - 1)}`);
  }

  /** Takes the line away. */
  async clear(): Promise<void> {
    if (this.#shown) await this.#output.write("\r\u001B[2K");
    this.#shown = false;
    this.#drawnMs = -Infinity;
  }
}

function drawBar(fraction: number | undefined): string {
  if (fraction === undefined) return "  …";
  const share = Math.min(1, Math.max(0, fraction));
  const full = Math.round(share * BAR_COLUMNS);
  return `${String(Math.floor(share * 100)).padStart(3)}% ${"█".repeat(full)}${"░".repeat(BAR_COLUMNS - full)}`;
}
