import { MalformedError } from "./errors.ts";

/** What a set of entries shows by itself about what is not among them. */
export interface Completeness {
  /** The entries are all those of the log from index `first` to `last`. Undefined if they are no such run. */
  readonly run: { readonly first: number; readonly last: number } | undefined;
  /** Each source of which there are entries with numbers, in the order of the entries. */
  readonly sources: readonly SourceRun[];
}

/** Of the numbers that a source gave to its events (`source.seq`), those among the entries. */
export interface SourceRun {
  readonly id: string;
  readonly first: number;
  readonly last: number;
  /** How many numbers between `first` and `last` are not among the entries; 0: all are there. */
  readonly missing: number;
}

/**
 * What the entries show. They are to be proven to be in the log; then so is this.
 *
 * @param entries by ascending leaf index
 * @throws MalformedError `evidence_malformed` if an entry is not the JSON of an object
 */
export function completenessOf(
  entries: readonly { readonly leafIndex: number; readonly entry: string }[],
): Completeness {
  const first = entries[0];
  const last = entries.at(-1);
  const isRun = first && last && last.leafIndex - first.leafIndex + 1 === entries.length;
  const numbers = new Map<string, Set<number>>();
  for (const { leafIndex, entry } of entries) {
    const source = sourceOf(entry, leafIndex);
    if (!source) continue;
    const known = numbers.get(source.id) ?? new Set();
    numbers.set(source.id, known.add(source.seq));
  }
  const sources = [...numbers].map(([id, seqs]) => {
    let [least, most] = [Infinity, -Infinity];
    for (const seq of seqs) [least, most] = [Math.min(least, seq), Math.max(most, seq)];
    // In this order the sum never leaves the safe integers.
    return { id, first: least, last: most, missing: most - least - (seqs.size - 1) };
  });
  return { run: isRun ? { first: first.leafIndex, last: last.leafIndex } : undefined, sources };
}

/** `source` of an entry (docs/spec/entry.md), if it has an id and a number. */
function sourceOf(entry: string, leafIndex: number): { id: string; seq: number } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(entry);
  } catch (cause) {
    throw notAnEntry(leafIndex, cause);
  }
  if (!isObject(parsed)) throw notAnEntry(leafIndex);
  const source = own(parsed, "source");
  if (!isObject(source)) return undefined;
  const [id, seq] = [own(source, "id"), own(source, "seq")];
  return typeof id === "string" && isCount(seq) ? { id, seq } : undefined;
}

/** Whether a JSON value has the form of {@link Completeness}; `run` is null there where it is undefined here. */
export function isCompleteness(
  value: unknown,
): value is Omit<Completeness, "run"> & { run: Completeness["run"] | null } {
  if (!isObject(value)) return false;
  const [run, sources] = [own(value, "run"), own(value, "sources")];
  const hasCounts = (object: object, ...names: string[]) => names.every((name) => isCount(own(object, name)));
  const isRun = run === null || (isObject(run) && hasCounts(run, "first", "last"));
  const isSource = (source: unknown) =>
    isObject(source) &&
    typeof own(source, "id") === "string" &&
    hasCounts(source, "first", "last", "missing");
  return isRun && Array.isArray(sources) && sources.every(isSource);
}

/** Whether both say the same. */
export function sameCompleteness(a: Completeness, b: Completeness): boolean {
  const text = ({ run, sources }: Completeness) =>
    JSON.stringify([
      run && [run.first, run.last],
      sources.map((source) => [source.id, source.first, source.last, source.missing]),
    ]);
  return text(a) === text(b);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function notAnEntry(leafIndex: number, cause?: unknown): MalformedError {
  return new MalformedError("evidence_malformed", `Entry ${leafIndex} is not a JSON object`, { cause });
}
