import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { beginningOf, Foreign, hiddenCount, visible } from "./foreign.tsx";

const markupOf = (text: string, lengthMax?: number) =>
  renderToStaticMarkup(createElement(Foreign, { text, ...(lengthMax !== undefined && { lengthMax }) }));

test.each([
  ["NUL", "\0"],
  ["a line end", "\n"],
  ["right-to-left override", "\u202e"],
  ["zero-width space", "\u200b"],
  ["a lone surrogate", "\ud800"],
  ["combining grapheme joiner", "\u034f"],
  ["Hangul filler", "\u3164"],
  ["half-width Hangul filler", "\uffa0"],
  ["variation selector 16", "\ufe0f"],
  ["variation selector 17", "\u{e0100}"],
  ["a tag", "\u{e0041}"],
  ["empty Braille pattern", "\u2800"],
])("%s is seen", (_, character) => {
  const escaped = `\\u{${character.codePointAt(0)!.toString(16)}}`;
  expect(visible(`a${character}b`)).toBe(`a${escaped}b`);
  expect(hiddenCount(`a${character}b${character}`)).toBe(2);
  expect(markupOf(`a${character}b`)).toBe(`<bdi>a<span class="foreign-hidden">${escaped}</span>b</bdi>`);
});

test("what can be seen stays as it is", () => {
  expect(visible("Zoë 日本 عربي é 🜁 a b")).toBe("Zoë 日本 عربي é 🜁 a b");
  expect(hiddenCount("Zoë 日本 عربي é 🜁 a b")).toBe(0);
  expect(markupOf("<img src=x onerror=alert(1)>")).toBe("<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>");
});

test("a text as long as an event is not an element for each of its characters", () => {
  const text = "\u200b".repeat(20_000);
  expect(markupOf(text)).not.toContain("<span");
  expect(markupOf(text, 100).split("<span")).toHaveLength(101);
});

test("is cut between characters", () => {
  expect(beginningOf("abc", 3)).toBe("abc");
  expect(beginningOf("ab🜁c", 3)).toBe("ab…");
});
