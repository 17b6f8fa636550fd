import { SteleError, VerificationError } from "@stele/proof";

/** Something stored that is not what it should be. */
export interface Finding {
  /** Of the copy: the primary or a mirror, or what the node itself keeps. */
  readonly copy: string;
  /** The object, file or range. With the code it tells this finding from others. */
  readonly place: string;
  readonly code: string;
  readonly message: string;
  /** Leaf indexes: it is in one of these entries. Absent where it is of no entries, or of all. */
  readonly firstIndex?: number;
  readonly lastIndex?: number;
  /** JSON, bounded: what contradicts each other. Bytes are hexadecimal. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

const TEXT_LENGTH_MAX = 4000;
const BYTES_LENGTH_MAX = 256;
const VALUES_MAX = 32;

/** Entries `[start, end)`. */
export interface EntryRange {
  readonly start: number;
  readonly end: number;
}

/** @param place and `range`: where the error's evidence does not name them */
export function findingOf(copy: string, place: string, error: Error, range?: EntryRange): Finding {
  const code = error instanceof SteleError ? error.code : "verifier_failed";
  const evidence = error instanceof VerificationError ? error.evidence : {};
  const named = evidence["place"];
  return {
    copy,
    place: typeof named === "string" ? named : place,
    code,
    message: error.message.slice(0, TEXT_LENGTH_MAX),
    ...positionsOf(evidence, range),
    evidence: bounded(evidence, 0) as Record<string, unknown>,
  };
}

function positionsOf(
  evidence: Readonly<Record<string, unknown>>,
  range: EntryRange | undefined,
): Pick<Finding, "firstIndex" | "lastIndex"> {
  const { leafIndex, start, end } = evidence;
  if (typeof leafIndex === "number") return { firstIndex: leafIndex, lastIndex: leafIndex };
  if (typeof start === "number" && typeof end === "number" && end > start)
    return { firstIndex: start, lastIndex: end - 1 };
  if (range && range.end > range.start) return { firstIndex: range.start, lastIndex: range.end - 1 };
  return typeof start === "number" ? { firstIndex: start } : {};
}

export function sameFinding(a: Finding, b: Finding): boolean {
  return a.copy === b.copy && a.place === b.place && a.code === b.code;
}

function bounded(value: unknown, depth: number): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, BYTES_LENGTH_MAX)).toString("hex");
  if (typeof value === "string") return value.slice(0, TEXT_LENGTH_MAX);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 3) return "…";
  if (Array.isArray(value)) return value.slice(0, VALUES_MAX).map((each) => bounded(each, depth + 1));
  const pairs = Object.entries(value).slice(0, VALUES_MAX);
  return Object.fromEntries(pairs.map(([key, each]) => [key, bounded(each, depth + 1)]));
}
