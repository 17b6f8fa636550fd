import {
  COUNTED_FIELDS,
  FIELD_DESCRIPTIONS,
  formatQuery,
  suggestFields,
  type Completion,
  type CountedField,
  type ValueCompletion,
} from "@stele/query";
import { RELATIVE_RANGES } from "../time-range/relative-ranges.ts";
import { queryText, type ExploreChange } from "../use-explore.ts";
import { queryProblem } from "./query-problem.ts";

/** Something that can stand at the cursor. */
export interface Suggestion {
  /** The name of a field, or a value as an event has it. */
  readonly text: string;
  readonly description?: string;
  /** How a field is used. */
  readonly example?: string;
  /** How many events have the value. */
  readonly count?: number;
}

/** The most frequent values of a field, as the node is asked for them. */
export interface ValueQuestion {
  readonly query: string;
  readonly field: CountedField;
  readonly limit: number;
}

const SHOWN_MAX = 12;
/** Where the node can't be asked for values that begin with something, more of them are looked through here. */
const LOOKED_THROUGH = 200;
const TIME_FIELDS = ["after", "before", "received_after", "received_before"];

/** What is known without asking the node. */
export function knownSuggestions(completion: Completion): Suggestion[] {
  if (completion.kind === "field") {
    return suggestFields(completion.prefix).map(({ name, description, example }) => ({
      text: name,
      description,
      example,
    }));
  }
  const { field, prefix } = completion;
  if (TIME_FIELDS.includes(field)) {
    return RELATIVE_RANGES.flatMap(({ from, label }) =>
      from?.startsWith(prefix) ? [{ text: from, description: label }] : [],
    );
  }
  const { values = [] } = FIELD_DESCRIPTIONS.find(({ name }) => name === field) ?? {};
  return values.filter((value) => value.startsWith(prefix)).map((text) => ({ text }));
}

/** What the node is to be asked; undefined if it can't tell the values of the field. */
export function valueQuestion(
  { field, prefix, rest }: ValueCompletion,
  { from, to }: ExploreChange,
): ValueQuestion | undefined {
  const counted = COUNTED_FIELDS.find((name) => name === field);
  if (counted === undefined) return undefined;
  const narrows = prefix !== "" && counted !== "ip" && counted !== "outcome";
  const begin = narrows
    ? formatQuery({ terms: [{ kind: "field", field: counted, anyOf: [[prefix, ""]], negated: false }] })
    : "";
  // The other terms may be half written, too.
  const around = queryProblem(rest) === undefined ? rest.trim() : "";
  const q = [around, begin].filter((part) => part !== "").join(" ");
  return {
    query: queryText({ q, from, to }),
    field: counted,
    limit: narrows || prefix === "" ? SHOWN_MAX : LOOKED_THROUGH,
  };
}

/** @param values of events, the most frequent first; undefined while they are on their way */
export function valueSuggestions(
  completion: ValueCompletion,
  values: readonly { readonly value: string; readonly count: number }[] | undefined,
): Suggestion[] {
  const known = knownSuggestions(completion);
  if (values === undefined) return known;
  const counts = new Map(values.map(({ value, count }) => [value, count]));
  if (known.length > 0) {
    return known.map((suggestion) => {
      const count = counts.get(suggestion.text);
      return count === undefined ? suggestion : { ...suggestion, count };
    });
  }
  return values
    .filter(({ value }) => value.startsWith(completion.prefix) && canBeNamed(value))
    .slice(0, SHOWN_MAX)
    .map(({ value, count }) => ({ text: value, count }));
}

/** A node that keeps to its own rules gives no others. */
function canBeNamed(value: string): boolean {
  return value !== "" && !/\0|\p{Surrogate}/u.test(value);
}
