import { findField } from "./field.ts";
import { QUERY_LENGTH_MAX } from "./query.ts";
import { contentOf, termPlaces, valueParts } from "./term-places.ts";
import type { Place, TermPlace, ValuePlace } from "./term-places.ts";

/**
 * `invalid`: a name that is no field's, a backslash that means nothing, what follows without a space, an open quote.
 * `value`: of a field, its `wildcard`s and `comma`s apart. `text`: free text.
 */
export type TokenKind =
  "negation" | "field" | "colon" | "value" | "wildcard" | "comma" | "text" | "quote" | "invalid";

export interface Token extends Place {
  readonly kind: TokenKind;
}

/**
 * The parts of a query, for colouring: in order, none empty, and all of the text but the white space between terms. Does
 * not throw; a text that is too long for a query is one `invalid` token.
 */
export function tokens(text: string): Token[] {
  if (text.length > QUERY_LENGTH_MAX) return [{ kind: "invalid", from: 0, to: text.length }];
  return termPlaces(text).flatMap((term) => tokensOfTerm(text, term));
}

function tokensOfTerm(text: string, term: TermPlace): Token[] {
  const { from, negated, name, values, rest } = term;
  const found: Token[] = negated ? [{ kind: "negation", from, to: from + 1 }] : [];
  if (name !== undefined) {
    const isKnown = typeof findField(text.slice(name.from, name.to)) !== "string";
    found.push({ kind: isKnown ? "field" : "invalid", ...name });
    found.push({ kind: "colon", from: name.to, to: name.to + 1 });
  }
  for (const [i, value] of values.entries()) {
    if (i > 0) found.push({ kind: "comma", from: value.from - 1, to: value.from });
    found.push(...tokensOfValue(text, value, name === undefined));
  }
  if (rest !== undefined) found.push({ kind: "invalid", ...rest });
  return joined(found.filter((token) => token.from < token.to));
}

function tokensOfValue(text: string, value: ValuePlace, isFreeText: boolean): Token[] {
  const content = contentOf(value);
  const parts = valueParts(text, content).map((part): Token => {
    const kind = part.kind === "invalid" ? part.kind : isFreeText ? "text" : part.kind;
    return { kind: kind === "piece" ? "value" : kind, from: part.from, to: part.to };
  });
  return [
    { kind: value.isOpen ? "invalid" : "quote", from: value.from, to: content.from },
    ...parts,
    { kind: "quote", from: content.to, to: value.to },
  ];
}

/** Neighbours of one kind are one token, except for quotes and what is wrong. */
function joined(found: readonly Token[]): Token[] {
  const result: Token[] = [];
  for (const token of found) {
    const last = result.at(-1);
    const isSame = last?.kind === token.kind && (token.kind === "value" || token.kind === "text");
    if (last !== undefined && isSame) result.splice(-1, 1, { ...last, to: token.to });
    else result.push(token);
  }
  return result;
}
