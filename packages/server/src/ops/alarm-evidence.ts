/** Evidence of one alarm, as JSON. */
export const EVIDENCE_LENGTH_MAX = 256 * 1024;
const BEGINNING_LENGTH = 64 * 1024;

/**
 * The evidence as it can be kept: what JSON makes of it (a copy), and of what is too long its beginning, with the length
 * that it had (in UTF-16 code units).
 */
export function boundedEvidence(evidence: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const json = toJson(evidence);
  if (json.length <= EVIDENCE_LENGTH_MAX) return JSON.parse(json) as Record<string, unknown>;
  return { truncated: true, length: json.length, beginning: json.slice(0, BEGINNING_LENGTH) };
}

/** Raising an alarm never fails: of what JSON has no form for, there is text. */
function toJson(evidence: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(evidence, (_, value: unknown) => {
      if (typeof value === "bigint") return value.toString();
      if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
      if (value instanceof Error) return value.message;
      return value;
    });
  } catch (error) {
    return JSON.stringify({ unreadable: error instanceof Error ? error.message : String(error) });
  }
}
