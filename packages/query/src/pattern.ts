/**
 * A value with wildcards, as the literal pieces between them: `["alice"]` is exactly alice, `["document.", ""]` is
 * `document.*`, `["", ""]` is `*` (any value, but one must be there). Never empty; only the first and the last piece
 * may be `""`.
 */
export type Pattern = readonly [string, ...string[]];

/** The only value that the pattern matches, or undefined if it has a wildcard. */
export function exactValue(pattern: Pattern): string | undefined {
  return pattern.length === 1 ? pattern[0] : undefined;
}

/** Whether the pattern is `*`. */
export function isAnyValue(pattern: Pattern): boolean {
  return pattern.length === 2 && pattern[0] === "" && pattern[1] === "";
}

/** Time: linear in the value for each piece. */
export function matchesPattern(pattern: Pattern, value: string): boolean {
  const [head, ...rest] = pattern;
  const tail = rest.pop();
  if (tail === undefined) return value === head;
  if (!value.startsWith(head) || !value.endsWith(tail)) return false;
  // Leftmost placement of each piece leaves the most room for those behind it.
  const end = value.length - tail.length;
  let position = head.length;
  for (const piece of rest) {
    const found = value.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return position <= end;
}
