import type { Pattern } from "./pattern.ts";
import { QueryError } from "./query-error.ts";

/** A value as it was typed. */
export interface Item {
  /** The text between the wildcards; `join("*")` is the text where `*` means itself. */
  readonly pieces: Pattern;
  readonly from: number;
  readonly to: number;
}

/** What may follow a backslash, to stand for itself. */
const ESCAPABLE = '\\"*,: ';

/** Up to a colon: a field's name, whose parts may be quoted, as in `metadata."a.b":`. */
export const FIELD_NAME = /(?:[^\s":\\]|(?<=\.)"(?:[^"\\]|\\.)*")*:/y;

/**
 * A place in the text of a query, or in the value of a query parameter, that moves on as things are read.
 *
 * @throws QueryError from every method.
 */
export class QueryReader {
  readonly text: string;
  readonly #parameter: string | undefined;
  position = 0;

  constructor(text: string, parameter?: string) {
    this.text = text;
    this.#parameter = parameter;
    const from = /\0|\p{Surrogate}/u.exec(text)?.index;
    if (from !== undefined) throw this.error("no entry contains this character", from, from + 1);
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** The character at the position, `""` at the end. */
  get next(): string {
    return this.text.charAt(this.position);
  }

  /** Moves behind `character` if it is next. */
  skip(character: string): boolean {
    const found = this.next === character;
    if (found) this.position++;
    return found;
  }

  /** Moves behind what `sticky` (a regular expression with flag `y`) matches at the position. */
  match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.position;
    const found = sticky.exec(this.text)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }

  /** `"…"` if a quote is next, else everything up to a character that `ends` (a class of characters) matches. */
  readItem(ends: RegExp): Item {
    return this.next === '"' ? this.readQuoted() : this.readBare(ends);
  }

  readQuoted(): Item {
    const from = this.position++;
    const item = this.readBare(/"/);
    if (!this.skip('"')) throw this.error("this quote is not closed", from, from + 1);
    if (item.from === item.to) throw this.error("nothing is between the quotes", from, this.position);
    return { pieces: item.pieces, from, to: this.position };
  }

  /** Quotes have no meaning in it. */
  readBare(ends: RegExp): Item {
    const from = this.position;
    const pieces: [string, ...string[]] = [""];
    while (!this.atEnd && !ends.test(this.next)) {
      if (this.skip("*")) pieces.push("");
      else pieces[pieces.length - 1] += this.#readCharacter();
    }
    return { pieces, from, to: this.position };
  }

  #readCharacter(): string {
    const from = this.position++;
    const character = this.text.charAt(from);
    if (character !== "\\") return character;
    const escaped = this.text.charAt(this.position++);
    if (escaped === "" || !ESCAPABLE.includes(escaped)) {
      throw this.error("write \\\\ for a backslash", from, Math.min(this.position, this.text.length));
    }
    return escaped;
  }

  error(message: string, from: number, to: number): QueryError {
    return new QueryError(message, {
      input: this.text,
      offset: from,
      length: to - from,
      parameter: this.#parameter,
    });
  }
}
