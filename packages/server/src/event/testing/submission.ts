import { randomFillSync } from "node:crypto";
import { expect } from "vitest";
import { MalformedError } from "@stele/proof";
import { EventRejectedError } from "../errors.ts";
import { DEFAULT_EVENT_LIMITS, type EventLimits } from "../limits.ts";
import { EventNormalizer } from "../normalizer.ts";

export const RECEIVED_AT = "2026-03-01T12:00:00.000Z";
export const SEED = { k0: 0x01234567, k1: 0x89abcdef };
export const GOOD = '{"id":"e1","action":"a.b","actor":{"id":"bob"}}';

export function normalizer(limits: Partial<EventLimits> = {}): EventNormalizer {
  return new EventNormalizer({
    limits: { ...DEFAULT_EVENT_LIMITS, ...limits },
    idHashSeed: SEED,
    fillRandom: randomFillSync,
  });
}

export const shared = normalizer();

export function entries(body: string | Uint8Array, type: "json" | "ndjson" = "json", by = shared): string[] {
  const batch = by.normalize(Buffer.from(body), type, RECEIVED_AT);
  expect(batch.bytes.length).toBe(batch.ends.at(-1));
  return Buffer.from(batch.bytes).toString().split("\n").slice(0, -1);
}

export function refusal(
  body: string | Uint8Array,
  type: "json" | "ndjson" = "json",
  by = shared,
): MalformedError {
  try {
    entries(body, type, by);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  throw new Error("It was accepted");
}

export function problems(body: string | Uint8Array, type: "json" | "ndjson" = "json", by = shared) {
  const error = refusal(body, type, by);
  expect(error.code).toBe("event_invalid");
  return error instanceof EventRejectedError ? error.problems : [];
}

/** An event with these members besides the required ones. */
export const withMembers = (members: string) => `{"action":"a.b","actor":{"id":"bob"},${members}}`;
export const withMetadata = (value: string) => withMembers(`"metadata":{"x":${value}}`);
/** Objects in each other, in the innermost an array. */
export const nested = (levels: number) => `${'{"k":'.repeat(levels - 1)}[]${"}".repeat(levels - 1)}`;
export const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));
/** What stands before the value of `metadata.x`. */
export const PREFIX = '{"action":"a.b","actor":{"id":"bob"},"metadata":{"x":';
