/** What people type who know another system. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  user: "actor",
  event: "action",
  resource: "target",
  object: "target",
  result: "outcome",
  status: "outcome",
  address: "ip",
  since: "after",
  from: "after",
  until: "before",
  to: "before",
  time: "after",
  fail: "failure",
  failed: "failure",
  error: "failure",
  ok: "success",
};

/** ` (did you mean actor?)`, or `""` if nothing known is similar. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const lower = typed.toLowerCase().slice(0, 32);
  const other = OTHER_NAMES[lower];
  if (other !== undefined && known.includes(other)) return ` (did you mean ${other}?)`;
  const [nearest] = known
    .map((name) => ({ name, edits: editDistance(lower, name) }))
    .filter(({ name, edits }) => edits <= (name.length > 4 ? 2 : 1))
    .toSorted((a, b) => a.edits - b.edits);
  return nearest === undefined ? "" : ` (did you mean ${nearest.name}?)`;
}

/** What is meant by a name that begins with `prefix`, to people who know another system. */
export function fieldsCalled(prefix: string): string[] {
  if (prefix === "") return [];
  return Object.entries(OTHER_NAMES)
    .filter(([other]) => other.startsWith(prefix))
    .map(([, name]) => name);
}

/** How many characters have to be added, removed or replaced to make `b` of `a` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, character] of Array.from(a).entries()) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (above[j] ?? 0) + (character === b[j] ? 0 : 1);
      row.push(Math.min(replaced, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    above = row;
  }
  return above.at(-1) ?? 0;
}
