import * as fc from "fast-check";
import { expect, test } from "vitest";
import { columnsOf, fit, printable, printableJson, printableLines } from "./printable.ts";

test("what a terminal would obey is shown instead", () => {
  expect(printable("\u001B[2J\u001B]0;owned\u0007")).toBe("\\u{1b}[2J\\u{1b}]0;owned\\u{7}");
  expect(printable("a\rb\nc\td")).toBe("a\\u{d}b\\u{a}c\\u{9}d");
  expect(printable("\u009B31m")).toBe("\\u{9b}31m");
  expect(printable("admin\u202Etxt.exe\u2066x\u2069")).toBe("admin\\u{202e}txt.exe\\u{2066}x\\u{2069}");
  expect(printable("a\u200Bb\uFEFFc\u{E0041}d\u00ADe\uFE0F")).toBe(
    "a\\u{200b}b\\u{feff}c\\u{e0041}d\\u{ad}e\\u{fe0f}",
  );
  expect(printable("\uD800 \u2028")).toBe("\\u{d800} \\u{2028}");
  expect(printable("Zoë Ünal 山田 🪨 עברית")).toBe("Zoë Ünal 山田 🪨 עברית");
  expect(printableLines("a\n\u0007")).toBe("a\n\\u{7}");
});

const anyCharacter = fc.nat({ max: 0x10ffff }).map((point) => String.fromCodePoint(point));

test("nothing that comes through is a control, a format or half a surrogate", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test("JSON stays the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = printableJson(JSON.stringify(value, null, 2));
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(json.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
  expect(printableJson('"\u{E0041}\u202E"')).toBe('"\\udb40\\udc41\\u202e"');
});

test("text is fitted to columns, not to characters", () => {
  expect(columnsOf("山田")).toBe(4);
  expect(columnsOf("e\u0301")).toBe(1);
  expect(fit("abc", 5)).toBe("abc  ");
  expect(fit("abcdef", 5)).toBe("abcd…");
  expect(fit("山田太郎", 6)).toBe("山田… ");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
      expect(columnsOf(fit(printable(text), columns))).toBe(columns);
    }),
  );
});
