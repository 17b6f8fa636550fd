import { SteleError, VerificationError } from "@stele/proof";

/** Something stored that is not what it should be. */
export interface Finding {
  /** Of the copy: the primary or a mirror, or what the node itself keeps. */
  readonly copy: string;
  /** The object, file or range. With the code it tells this finding from others. */
  readonly place: string;
  readonly code: string;
  readonly message: string;
  /** JSON, bounded: what contradicts each other. Bytes are hexadecimal. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

const TEXT_LENGTH_MAX = 4000;
const BYTES_LENGTH_MAX = 256;
const VALUES_MAX = 32;

/** @param place where the error's evidence does not name one */
export function findingOf(copy: string, place: string, error: Error): Finding {
  const code = error instanceof SteleError ? error.code : "verifier_failed";
  const evidence = error instanceof VerificationError ? error.evidence : {};
  const named = evidence["place"];
  return {
    copy,
    place: typeof named === "string" ? named : place,
    code,
    message: error.message.slice(0, TEXT_LENGTH_MAX),
    evidence: bounded(evidence, 0) as Record<string, unknown>,
  };
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
