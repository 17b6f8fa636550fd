/**
 * Text of events is written by strangers, and a terminal obeys what it is shown: escape sequences, overwritten
 * lines, reversed or invisible characters. So whatever is not a visible character is shown as its escape.
 * Cc controls, Cf formats (bidirectional, zero-width, tags), Cs half surrogates, Co and Cn without a meaning,
 * Zl and Zp line separators, and the variation selectors.
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu;

/** The text with everything that is not a visible character as `\u{…}`. For one line of a terminal. */
export function printable(text: string): string {
  return text.replaceAll(HOSTILE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** As {@link printable}, for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The same JSON, with what is not a visible character escaped as JSON has it. Line feeds between tokens stay. */
export function printableJson(json: string): string {
  return json.replaceAll(HOSTILE, (character) => (character === "\n" ? character : escapeUtf16(character)));
}

function escapeUtf16(character: string): string {
  let text = "";
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return text;
}

/** How many columns of a terminal the printable text takes. Good for common scripts, not for every emoji. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** East Asian wide and fullwidth (UAX #11), and pictographs. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u;

/** The printable text cut to so many columns (with `…` at the cut), and filled up to them. */
export function fit(text: string, columns: number): string {
  const width = columnsOf(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  let kept = "";
  let used = 0;
  for (const character of text) {
    const wide = columnsOf(character);
    if (used + wide > columns - 1) break;
    kept += character;
    used += wide;
  }
  return `${kept}…${" ".repeat(columns - 1 - used)}`;
}
