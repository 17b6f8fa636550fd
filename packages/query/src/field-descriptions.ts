import { OUTCOMES } from "./query.ts";
import { fieldsCalled } from "./suggestion.ts";

/** The fields whose most frequent values a node tells. */
export const COUNTED_FIELDS = [
  "actor",
  "actor_type",
  "action",
  "target",
  "outcome",
  "tenant",
  "ip",
  "source",
] as const;

export type CountedField = (typeof COUNTED_FIELDS)[number];

export interface FieldDescription {
  /** As it is typed, without the colon; `metadata.`, behind which a path is typed. */
  readonly name: string;
  /** A few words, for people. */
  readonly description: string;
  /** A term. */
  readonly example: string;
  /** All values that there are, where that is known. */
  readonly values?: readonly string[];
}

/** The fields of the query language, in the order of docs/operate/search.md. */
export const FIELD_DESCRIPTIONS: readonly FieldDescription[] = [
  describe("actor", "The actor's id", "actor:alice"),
  describe("actor_type", "The actor's type", "actor_type:service"),
  describe("action", "The action", "action:document.*"),
  describe("target", "The id of any of the targets", "target:doc_7"),
  { ...describe("outcome", OUTCOMES.join(", "), "outcome:failure,denied"), values: OUTCOMES },
  describe("tenant", "The tenant", "tenant:acme"),
  describe("ip", "The address in context.ip: one, or a range", "ip:10.0.0.0/8"),
  describe("after", "It occurred at this time or later", "after:2026-01-01"),
  describe("before", "It occurred earlier than this time", "before:2026-02-01T00:00:00+01:00"),
  describe("received_after", "It was received at this time or later", "received_after:-15m"),
  describe("received_before", "It was received earlier than this time", "received_before:-24h"),
  describe("id", "The id of the event", "id:evt_123"),
  describe("source", "The id of the source", "source:billing"),
  describe("request_id", "The request, of context", "request_id:req_8826a75d"),
  describe("trace_id", "The trace, of context", "trace_id:4bf92f3577b34da6"),
  describe("session_id", "The session, of context", "session_id:s_41"),
  describe("metadata.", "A value inside metadata, by the path to it", "metadata.region:eu-*"),
];

function describe(name: string, description: string, example: string): FieldDescription {
  return { name, description, example };
}

/**
 * The fields that somebody may mean who has typed `prefix`: those that begin with it, those that are called so in other
 * systems (`user` is `actor`), those that have it inside, in this order. All fields for `""`.
 */
export function suggestFields(prefix: string): FieldDescription[] {
  const typed = prefix.toLowerCase();
  const otherwise = fieldsCalled(typed);
  const rank = ({ name }: FieldDescription) =>
    [name.startsWith(typed), otherwise.includes(name), name.includes(typed)].indexOf(true);
  return FIELD_DESCRIPTIONS.filter((field) => rank(field) >= 0).toSorted((a, b) => rank(a) - rank(b));
}
