/**
 * The condition that `text` occurs in an entry, as a regular expression on the bytes of the entry. The one source is
 * read alike by JavaScript (flag `u`) and by RE2, which decides the same in DuckDB.
 *
 * Each character that JSON escapes is looked for in its escaped form, so that `a"b` finds what a reader sees as `a"b`.
 * Each letter is looked for as itself and as its capital and small letter, where these are single characters (so `ß`
 * is not `SS`, and accents count).
 */
export function freeTextPattern(text: string): string {
  return Array.from(text, (character) => oneOf(caseVariants(character))).join("");
}

/**
 * The same condition as several regular expressions, any of which is to match: each one begins with a literal byte or an
 * ASCII letter. RE2 jumps to those with memchr; where the first letter is a choice of two multi-byte characters it
 * steps through all bytes instead, which is 3 times slower.
 */
export function freeTextPatterns(text: string): string[] {
  const [first = "", ...rest] = Array.from(text);
  const variants = caseVariants(first);
  const pattern = freeTextPattern(rest.join(""));
  return first < "\u0080"
    ? [oneOf(variants) + pattern]
    : variants.map((variant) => escapeRegExp(variant) + pattern);
}

/** The ways in which a character may stand in the bytes of an entry. */
function caseVariants(character: string): string[] {
  const escaped = JSON.stringify(character).slice(1, -1);
  if (escaped !== character) return [escaped];
  const both = [character.toLowerCase(), character.toUpperCase()];
  return [...new Set([character, ...both.filter((variant) => Array.from(variant).length === 1)])];
}

function oneOf(variants: readonly string[]): string {
  return variants.length === 1 ? escapeRegExp(variants[0] ?? "") : `[${variants.join("")}]`;
}

/** `text` as a regular expression that matches only it. */
export function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
