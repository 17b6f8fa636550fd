import { exactValue, matchesPattern } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";

/** The number that a pattern without wildcards spells, in the grammar of JSON. */
export function numberOf(pattern: Pattern): number | undefined {
  const text = exactValue(pattern);
  return text !== undefined && /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)
    ? Number(text)
    : undefined;
}

/** Follows `path` through objects and arrays, as a JSON pointer does. Returns undefined where it leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const segment of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, segment)) return undefined;
    if (Array.isArray(at) && !/^(?:0|[1-9][0-9]*)$/.test(segment)) return undefined;
    at = (at as Record<string, unknown>)[segment];
  }
  return at;
}

/** `*` matches any value but null; other patterns match strings and booleans by their text, and numbers by their value. */
export function matchesMetadata(pattern: Pattern, value: unknown): boolean {
  if (typeof value === "number" && numberOf(pattern) === value) return true;
  if (typeof value === "string" || typeof value === "boolean") return matchesPattern(pattern, String(value));
  return value !== undefined && value !== null && pattern.length === 2 && pattern.join("") === "";
}
