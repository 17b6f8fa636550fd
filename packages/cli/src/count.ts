/** A number for people: `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A number of things: `1 event`, `2 events`, `3 entries`. */
export function countOf(count: number, thing: string): string {
  const things = thing.endsWith("y") ? `${thing.slice(0, -1)}ies` : `${thing}s`;
  return `${formatCount(count)} ${count === 1 ? thing : things}`;
}
