import { exactValue, isAnyValue, matchesPattern } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";

/** Follows `path` through objects and arrays, as a JSON pointer does. Returns undefined where it leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const segment of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, segment)) return undefined;
    if (Array.isArray(at) && !/^(?:0|[1-9][0-9]*)$/.test(segment)) return undefined;
    at = Reflect.get(at, segment);
  }
  return at;
}

/** `*` matches any value but null; others match strings and booleans by their text, and numbers by their value. */
export function matchesMetadata(pattern: Pattern, value: unknown): boolean {
  if (typeof value === "number" && numberOf(pattern) === value) return true;
  if (typeof value === "string" || typeof value === "boolean") return matchesPattern(pattern, String(value));
  return value !== undefined && value !== null && isAnyValue(pattern);
}

/** The number that a pattern without wildcards spells, in the grammar of JSON. */
function numberOf(pattern: Pattern): number | undefined {
  const text = exactValue(pattern) ?? "";
  if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * A value that matches begins, in the JSON of an entry, with one of these texts; if the pattern has no wildcard, it is
 * one of them.
 */
export function jsonBeginnings(pattern: Pattern): string[] {
  if (pattern[0] === "") return [""];
  const number = numberOf(pattern);
  return [
    textBeginning(pattern),
    ...(number === undefined ? [] : [JSON.stringify(number)]),
    ...["true", "false"].filter((boolean) => matchesPattern(pattern, boolean)),
  ];
}

/** {@link jsonBeginnings} for a value that is a string. */
export function textBeginning(pattern: Pattern): string {
  const json = JSON.stringify(pattern[0]);
  return exactValue(pattern) === undefined ? json.slice(0, -1) : json;
}
