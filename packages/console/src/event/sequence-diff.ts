/** A run of items that both have, or that only one of the two has. */
export interface DiffRun {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Of the table of common subsequences: what takes some milliseconds. */
const CELLS_MAX = 250_000;

/**
 * What became of a text: word by word, or line by line where it is long. A longest common subsequence, of what differs behind
 * the common beginning and before the common end.
 *
 * @returns undefined if the texts are too long, and differ too much, for it to be shown: then show both whole
 */
export function diffTexts(before: string, after: string): readonly DiffRun[] | undefined {
  const byWords = diffParts(wordsOf(before), wordsOf(after));
  return byWords ?? diffParts(linesOf(before), linesOf(after));
}

/** Words, white space, and all other characters one by one. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function diffParts(before: readonly string[], after: readonly string[]): readonly DiffRun[] | undefined {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  if ((a.length + 1) * (b.length + 1) > CELLS_MAX) return undefined;
  const middle = diffMiddle(a, b);
  return joinRuns([
    ...before.slice(0, head).map((text) => ({ kind: "same", text }) as const),
    ...middle,
    ...before.slice(before.length - tail).map((text) => ({ kind: "same", text }) as const),
  ]);
}

function diffMiddle(a: readonly string[], b: readonly string[]): DiffRun[] {
  const width = b.length + 1;
  // The length of what a from i on and b from j on have in common.
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const runs: DiffRun[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      runs.push({ kind: "same", text: a[i++]! });
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) {
      runs.push({ kind: "removed", text: a[i++]! });
    } else runs.push({ kind: "added", text: b[j++]! });
  }
  return runs;
}

function joinRuns(runs: readonly DiffRun[]): DiffRun[] {
  const joined: { kind: DiffRun["kind"]; texts: string[] }[] = [];
  for (const { kind, text } of runs) {
    const last = joined.at(-1);
    if (last?.kind === kind) last.texts.push(text);
    else joined.push({ kind, texts: [text] });
  }
  return joined.map(({ kind, texts }) => ({ kind, text: texts.join("") }));
}
