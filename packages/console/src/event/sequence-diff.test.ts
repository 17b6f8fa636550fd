import fc from "fast-check";
import { expect, test } from "vitest";
import { diffTexts } from "./sequence-diff.ts";

test("marks the words that differ", () => {
  expect(diffTexts("the brown fox", "the red fox")).toEqual([
    { kind: "same", text: "the " },
    { kind: "removed", text: "brown" },
    { kind: "added", text: "red" },
    { kind: "same", text: " fox" },
  ]);
});

test("leads back to both texts, whatever they are", () => {
  const word = fc.constantFrom("a", "b ", "\n", "é", "😀", "<b>", " ");
  const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const runs = diffTexts(before, after)!;
      const without = (kind: string) => runs.flatMap((run) => (run.kind === kind ? [] : [run.text])).join("");
      expect(without("added")).toBe(before);
      expect(without("removed")).toBe(after);
    }),
  );
});

test("goes by lines where there are many words, and gives up where there are many lines", () => {
  const runs = diffTexts(`${lines(90, "a")}same\n`, `${lines(90, "b")}same\n`);
  expect(runs?.at(-1)).toMatchObject({ kind: "same" });
  expect(diffTexts(lines(2_000, "a"), lines(2_000, "b"))).toBeUndefined();
});

function lines(count: number, mark: string): string {
  return Array.from({ length: count }, (_, i) => `${mark} ${i} some words of line ${i}\n`).join("");
}
