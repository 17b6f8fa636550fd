import { arch, cpus, release, totalmem } from "node:os";

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What a figure was measured on. */
export function describeMachine(): string {
  const models = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${models.length} × ${models[0]?.model.trim()}, ${memory} GiB, Linux ${release()} ${arch()}, Node ${process.version}`;
}

export function fixed(value: number, digits = 1): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function whole(value: number): string {
  return fixed(value, 0);
}
