import * as fc from "fast-check";
import { parseAddressRange } from "../address-range.ts";
import type { AddressRange } from "../address-range.ts";
import type { Pattern } from "../pattern.ts";
import type { ParsedEntry } from "../query-matcher.ts";
import { TEXT_FIELDS } from "../query.ts";
import type { Query, Term } from "../query.ts";

// Random entries and queries for tests. They draw on the same few values, so that many queries have hits, and on
// characters that mean something to JSON, LIKE, regular expressions, JSON pointers, letter case or the query language.

const character = fc.constantFrom(
  ...Array.from("abA01éÉßΣςσ\u212akKİıſsяЯ😀𐐀𐐨"),
  ...Array.from("*\\\",: \n\t\u001f\u007f\u2028%_.-/~[(${'"),
);

/** A value that an event may have. */
export const value = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 }),
  fc.constantFrom("Alice B", "document.read", "true", "1", "1.50", "1e999", "-0", "é*É", "a\nb"),
  fc.string({ unit: character, minLength: 1, maxLength: 4 }),
);

const outcome = fc.constantFrom("success", "failure", "denied", "unknown");
const ms = fc.integer({ min: 0, max: 6 }).map((step) => 1_767_225_600_000 + step);

const octet = fc.constantFrom(0, 0, 10, 128, 255);
const ipv4 = fc.oneof(
  fc.constant("10.0.0.1"),
  fc.tuple(octet, octet, octet, octet).map((octets) => octets.join(".")),
);
const group = fc.constantFrom("0", "0", "0", "1", "a0", "2001", "db8", "ffff", "8000");
const ipv6 = fc.oneof(
  fc.tuple(group, group, group, group, group, group, group, group).map((groups) => groups.join(":")),
  ipv4.map((text) => `::ffff:${text}`),
  ipv4.map((text) => `64:ff9b::${text}`),
);

/** An address in some notation. */
export const address = fc.oneof(ipv4, ipv6);

/** An address in some notation, and a prefix length that its family has. */
export const prefix = fc.oneof(
  fc.tuple(ipv4, fc.oneof(fc.constantFrom(8, 24, 32), fc.integer({ min: 0, max: 32 }))),
  fc.tuple(ipv6, fc.oneof(fc.constantFrom(16, 64, 128), fc.integer({ min: 0, max: 128 }))),
);

const range = prefix
  .map(([text, bits]) => parseAddressRange(`${text}/${bits}`))
  .filter((parsed): parsed is AddressRange => parsed !== undefined);

const key = fc.constantFrom(
  "k",
  "k",
  "list",
  "list",
  "0",
  "1",
  "01",
  "-",
  "length",
  "a.b",
  "~/",
  'q"',
  "K:",
  "\n",
);
const number = fc.oneof(
  fc.constantFrom(0, 1, 10, -1, 1.5, 1e21, 1e-7, 2 ** 53 - 1, 5e-324),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
);
const leaf = fc.oneof(value, value, number, fc.boolean(), fc.constant(null));
const nested = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(key, fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), { maxKeys: 4 }),
);
const metadata = fc
  .tuple(
    fc.record({ k: leaf, list: fc.array(nested, { maxLength: 2 }) }),
    fc.dictionary(key, nested, { maxKeys: 4 }),
  )
  .map(([usual, other]) => ({ ...other, ...usual }));

const timestamp = ms.map((at) => new Date(at).toISOString());

/** The text of an entry. */
export const entryText = fc
  .record(
    {
      v: fc.constant(1),
      id: value,
      occurred_at: timestamp,
      received_at: timestamp,
      action: value,
      actor: fc.record({ type: value, id: value }),
      targets: fc.array(fc.record({ type: value, id: value }), { maxLength: 3 }),
      context: fc.record(
        { ip: address, request_id: value, trace_id: value, session_id: value },
        { requiredKeys: [] },
      ),
      outcome,
      tenant: value,
      source: fc.record({ id: value, seq: fc.nat() }, { requiredKeys: ["id"] }),
      metadata,
    },
    { requiredKeys: ["v", "id", "occurred_at", "received_at", "action", "actor", "outcome"] },
  )
  .map((entry) => JSON.stringify(entry));

export function parseEntry(text: string): ParsedEntry {
  const entry: ParsedEntry = JSON.parse(text);
  return entry;
}

/** `slice` by whole characters. */
function part(text: string, from: number, to?: number): string {
  return Array.from(text).slice(from, to).join("");
}

const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  value.map((text): Pattern => [text]),
  fc.constant<Pattern>(["", ""]),
  value.map((text): Pattern => [part(text, 0, 1), ""]),
  fc
    .tuple(fc.constantFrom(0, 1), fc.array(value, { minLength: 1, maxLength: 3 }), fc.constantFrom(0, 1))
    .map(([headLength, [head = "", ...middle], tailLength]): Pattern => [
      part(head, 0, headLength),
      ...middle.map((text) => part(text, 0, 1)),
      part(head, -tailLength, tailLength === 0 ? 0 : undefined),
    ]),
);

const anyOf = fc.array(pattern, { minLength: 1, maxLength: 3 });
const negated = fc.boolean();

const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({
    kind: fc.constant("field" as const),
    field: fc.constantFrom(...TEXT_FIELDS.filter((field) => field !== "outcome")),
    anyOf,
    negated,
  }),
  fc.record({
    kind: fc.constant("field" as const),
    field: fc.constant("outcome" as const),
    anyOf: fc.array(
      outcome.map((text): Pattern => [text]),
      { minLength: 1, maxLength: 3 },
    ),
    negated,
  }),
  fc.record({
    kind: fc.constant("metadata" as const),
    path: fc.oneof(
      fc.constantFrom(["k"], ["list", "0"], ["list", "length"]),
      fc.array(key, { minLength: 1, maxLength: 3 }),
    ),
    anyOf: fc.array(
      fc.oneof(
        pattern,
        number.map((n): Pattern => [String(n)]),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    negated,
  }),
  fc.record({
    kind: fc.constant("address" as const),
    anyOf: fc.array(range, { minLength: 1, maxLength: 3 }),
    negated,
  }),
  fc.record({
    kind: fc.constant("time" as const),
    field: fc.constantFrom("occurred_at" as const, "received_at" as const),
    edge: fc.constantFrom("after" as const, "before" as const),
    ms,
    negated,
  }),
  fc.record({ kind: fc.constant("text" as const), text: value, negated }),
);

export const query: fc.Arbitrary<Query> = fc.record({ terms: fc.array(term, { maxLength: 3 }) });

const fragment = fc.constantFrom(
  "actor:",
  "metadata.",
  "ip:",
  "after:",
  "outcome:",
  "failure",
  "\\ ",
  "\\,",
  '\\"',
  ...Array.from('-"\\*,: a1./\0'),
);

/** What somebody may have typed, right or wrong. */
export const typed = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fragment },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 1 }) },
  ),
});
