import { DuckDBTimestampValue } from "@duckdb/node-api";
import type { DuckDBValue } from "@duckdb/node-api";
import {
  escapeRegExp,
  exactValue,
  formatAddress,
  freeTextPatterns,
  hexGroups,
  isAnyValue,
  jsonBeginnings,
  lastAddress,
  MAPPED,
  textBeginning,
} from "@stele/query";
import type { AddressRange, FieldTerm, MetadataTerm, Pattern, Query, Term, TextField } from "@stele/query";

/** A condition for DuckDB. No value is part of its text: `$1` stands for `params[0]`. */
export interface SqlCondition {
  /** An expression that is TRUE for hits, and FALSE or NULL for others. */
  readonly where: string;
  readonly params: readonly DuckDBValue[];
}

/**
 * The query as a condition on the columns of docs/spec/segment.md. Conditions on small columns come first; those that have
 * to read JSON come behind a search of the entry's bytes that few entries pass.
 *
 * Cost, measured on 5.2 million entries of 510 bytes in Parquet on 2 cores: a free text 1.5–1.9 s, of which 0.8 s
 * are for reading the column (docs/design/0007-free-text.md).
 */
export function toSql(query: Query): SqlCondition {
  const parameters = new Parameters();
  const conditions = query.terms
    .toSorted((a, b) => costRank(a) - costRank(b))
    .map((term) => {
      const condition = conditionOf(term, parameters);
      return term.negated ? `(${condition}) IS NOT TRUE` : `(${condition})`;
    });
  return { where: conditions.join(" AND ") || "TRUE", params: parameters.values };
}

/** Collects values and hands out their placeholders. */
class Parameters {
  readonly values: DuckDBValue[] = [];

  add(value: DuckDBValue): string {
    return `$${this.values.push(value)}`;
  }
}

/** Where the text fields are: in a column, or at a path in the entry. */
const PLACES: Readonly<Record<TextField, string | readonly string[]>> = {
  action: "action",
  outcome: "outcome",
  tenant: "tenant",
  actor: "actor_id",
  actor_type: "actor_type",
  source: "source_id",
  target: "target_ids",
  id: ["id"],
  request_id: ["context", "request_id"],
  trace_id: ["context", "trace_id"],
  session_id: ["context", "session_id"],
};

function costRank(term: Term): number {
  switch (term.kind) {
    case "time":
      return 0;
    case "field":
      return term.field === "target" ? 2 : typeof PLACES[term.field] === "string" ? 1 : 3;
    case "address":
      return 2;
    case "text":
      return 3;
    case "metadata":
      return 4;
  }
}

function conditionOf(term: Term, parameters: Parameters): string {
  switch (term.kind) {
    case "field":
      return fieldCondition(term, parameters);
    case "metadata":
      return metadataCondition(term, parameters);
    case "address":
      return term.anyOf.map((range) => addressCondition(range, parameters)).join(" OR ");
    case "time": {
      const time = parameters.add(new DuckDBTimestampValue(BigInt(term.ms) * 1000n));
      return `${term.field} ${term.edge === "after" ? ">=" : "<"} ${time}`;
    }
    case "text":
      return freeTextPatterns(term.text)
        .map((pattern) => `regexp_matches(entry, ${parameters.add(pattern)})`)
        .join(" OR ");
  }
}

function fieldCondition({ field, anyOf }: FieldTerm, parameters: Parameters): string {
  const place = PLACES[field];
  if (field === "target") return targetCondition(anyOf, parameters);
  if (typeof place === "string") return valueCondition(place, anyOf, parameters);
  const value = `json_extract_string(entry, ${parameters.add(jsonPointer(place))})`;
  const texts = anyOf.map(textBeginning);
  return behindMentions(place, texts, valueCondition(value, anyOf, parameters), parameters);
}

/** `value`, an expression of type VARCHAR, matches one of the patterns. */
function valueCondition(value: string, anyOf: readonly Pattern[], parameters: Parameters): string {
  const exact = anyOf.map(exactValue).filter((text) => text !== undefined);
  const conditions = anyOf
    .filter((pattern) => exactValue(pattern) === undefined)
    .map((pattern) => wildcardCondition(value, pattern, parameters));
  if (exact.length > 0) {
    conditions.unshift(`${value} IN (${exact.map((text) => parameters.add(text)).join(", ")})`);
  }
  return conditions.join(" OR ");
}

/** RE2, since its time is linear in the value; LIKE's is not if there are many wildcards. */
function wildcardCondition(value: string, pattern: Pattern, parameters: Parameters): string {
  const [head, second, ...more] = pattern;
  if (isAnyValue(pattern)) return `${value} IS NOT NULL`;
  if (second === "" && more.length === 0) return `starts_with(${value}, ${parameters.add(head)})`;
  const expression = `(?s:${pattern.map(escapeRegExp).join(".*")})`;
  return `regexp_full_match(${value}, ${parameters.add(expression)})`;
}

function targetCondition(anyOf: readonly Pattern[], parameters: Parameters): string {
  const condition = valueCondition("target", anyOf, parameters);
  return `len(list_filter(target_ids, lambda target: ${condition})) > 0`;
}

/** See {@link MetadataTerm} for what is equal to what. */
function metadataCondition({ path, anyOf }: MetadataTerm, parameters: Parameters): string {
  const place = ["metadata", ...path];
  const pointer = parameters.add(jsonPointer(place));
  const conditions = anyOf
    .filter((pattern) => exactValue(pattern) === undefined)
    .map((pattern) => {
      const type = `json_type(entry, ${pointer})`;
      if (isAnyValue(pattern)) return `${type} <> 'NULL'`;
      const text = wildcardCondition(`json_extract_string(entry, ${pointer})`, pattern, parameters);
      return `(${type} IN ('VARCHAR', 'BOOLEAN') AND ${text})`;
    });
  const exact = anyOf.filter((pattern) => exactValue(pattern) !== undefined).flatMap(jsonBeginnings);
  if (exact.length > 0) {
    // DuckDB writes the values of both sides, since it writes numbers and escapes strings in its own way.
    const values = exact.map((json) => `json_extract(${parameters.add(json)}, '$')`);
    conditions.unshift(`json_extract(entry, ${pointer}) IN (${values.join(", ")})`);
  }
  return behindMentions(place, anyOf.flatMap(jsonBeginnings), conditions.join(" OR "), parameters);
}

/** RFC 6901. */
function jsonPointer(path: readonly string[]): string {
  return path.map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * `condition`, evaluated only for entries in which the last key of the path is followed by one of `values`, somewhere.
 * (CASE, since DuckDB is free to begin with any part of an AND; parsing takes 2 to 4 times as long as looking for bytes.)
 */
function behindMentions(
  path: readonly string[],
  values: readonly string[],
  condition: string,
  parameters: Parameters,
): string {
  // Elements of arrays have no key.
  const last = path.findLastIndex((segment) => !/^[0-9]+$/.test(segment));
  // Without its first quote: DuckDB jumps to the first byte, and an entry is full of quotes (measured: twice as slow).
  const key = `${JSON.stringify(path[last]).slice(1)}:`;
  // An empty group, `(?:)`, makes DuckDB 1.5.6 find nothing.
  const isKnown = last === path.length - 1 && !values.includes("");
  const value = isKnown ? `(?:${values.map(escapeRegExp).join("|")})` : "";
  const mention = parameters.add(escapeRegExp(key) + value);
  return `CASE WHEN regexp_matches(entry, ${mention}) THEN ${condition} ELSE FALSE END`;
}

function addressCondition(range: AddressRange, parameters: Parameters): string {
  const { address, bits } = range;
  const text = formatAddress(address);
  if (address.length === 4) {
    return bits === 32
      ? `ip IN (${parameters.add(text)}, ${parameters.add(MAPPED + text)})`
      : `regexp_matches(ip, ${parameters.add(ipv4Expression(range))})`;
  }
  return bits === 128 ? `ip = ${parameters.add(text)}` : ipv6Condition(range, parameters);
}

/** The whole bytes of the prefix, and then the choices for the byte that it ends in. */
function ipv4Expression(range: AddressRange): string {
  const whole = Math.floor(range.bits / 8);
  const [first = 0, last = 0] = [range.address[whole], lastAddress(range)[whole]];
  const choices = Array.from({ length: last - first + 1 }, (_, i) => first + i).join("|");
  const bytes = [...range.address.slice(0, whole), `(?:${choices})`];
  return `^(?:${MAPPED})?${bytes.join("\\.")}${whole === 3 ? "$" : "\\."}`;
}

/** The 32 hexadecimal digits of `ip`: `::` is written out, and each group filled up to four digits. */
const IPV6_HEX = (() => {
  const colons = "(length(ip) - length(replace(ip, ':', '')))";
  const groups = `string_split(replace(ip, '::', ':' || repeat('0:', 8 - ${colons})), ':')`;
  return `array_to_string(list_transform(${groups}, lambda part: lpad(part, 4, '0')), '')`;
})();

/** Hexadecimal digits of one length are ordered as the numbers are. */
function ipv6Condition(range: AddressRange, parameters: Parameters): string {
  const first = parameters.add(hexGroups(range.address).join(""));
  const last = parameters.add(hexGroups(lastAddress(range)).join(""));
  return `CASE WHEN contains(ip, ':') AND NOT contains(ip, '.') THEN ${IPV6_HEX} BETWEEN ${first} AND ${last} ELSE FALSE END`;
}
