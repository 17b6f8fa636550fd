import * as fc from "fast-check";
import { OrderedObject, seededRandom, type OrderedJson } from "./json-text.ts";

/** What a producer sends, and what an entry has to keep of it. */
export interface Sent {
  readonly sent: OrderedJson;
  readonly kept: OrderedJson;
}

/** Stands in `kept` for the id that the server makes. */
export const MADE_ID = "<made>";

const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: "binary", minLength, maxLength }).filter((value) => !value.includes("\0"));

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, -0, 0.1, 0.000001, 0.0000001, -0.00000123, 5e-324, 1.5, 100, 1e15),
);

const freeKey = fc.oneof(
  text(0, 8),
  fc.constantFrom("__proto__", "constructor", "10", "2", "", "a/b", "~", "id", "type"),
);

type Members = [key: string, value: OrderedJson][];

function freeMembers(value: fc.Arbitrary<OrderedJson>): fc.Arbitrary<Members> {
  return fc.uniqueArray(fc.tuple(freeKey, value), { maxLength: 5, selector: ([key]) => key });
}

const { anything: free, freeObject } = fc.letrec<{ anything: OrderedJson; freeObject: OrderedObject }>(
  (tie) => ({
    anything: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.oneof(fc.constant(null), fc.boolean(), number, text(0, 30)),
      fc.array(tie("anything"), { maxLength: 4 }),
      tie("freeObject"),
    ),
    freeObject: freeMembers(tie("anything")).map((members) => new OrderedObject(members)),
  }),
);

const same = (values: fc.Arbitrary<OrderedJson>): fc.Arbitrary<Sent> =>
  values.map((value) => ({ sent: value, kept: value }));

interface Known {
  /** Left out: never sent. */
  readonly value?: fc.Arbitrary<Sent>;
  readonly required?: boolean;
  /** Kept if it is not sent. */
  readonly fallback?: OrderedJson;
  /** Whether null is a value. Otherwise it means that the key is absent. */
  readonly nullable?: boolean;
}

/** An object of known keys, sent in any order, with others between them if `open`. */
function object(known: Readonly<Record<string, Known>>, { open = false } = {}): fc.Arbitrary<Sent> {
  const entries = Object.entries(known);
  const values = entries.map(([, { value, required }]) =>
    value === undefined ? fc.constant(null) : required ? value : fc.option(value),
  );
  const otherMembers = open ? freeMembers(free) : fc.constant([]);
  return fc.tuple(fc.tuple(...values), otherMembers, fc.integer()).map(([made, others, seed]) => {
    const random = seededRandom(seed);
    const extra = others.filter(([key]) => !(key in known));
    const sent: Members = [...extra];
    const kept: Members = [];
    for (const [rank, [key, { fallback, nullable }]] of entries.entries()) {
      const value = made[rank];
      if (value) sent.push([key, value.sent]);
      else if (!nullable && random() < 0.2) sent.push([key, null]);
      if (value) kept.push([key, value.kept]);
      else if (fallback !== undefined) kept.push([key, fallback]);
    }
    const order = new Map(sent.map((member) => [member, random()]));
    sent.sort((a, b) => order.get(a)! - order.get(b)!);
    kept.push(...sent.filter((member) => extra.includes(member)));
    return { sent: new OrderedObject(sent), kept: new OrderedObject(kept) };
  });
}

const list = (item: fc.Arbitrary<Sent>): fc.Arbitrary<Sent> =>
  fc.array(item, { maxLength: 3 }).map((items) => ({
    sent: items.map(({ sent }) => sent),
    kept: items.map(({ kept }) => kept),
  }));

const ID_LETTERS = "0123456789abcxyzABCXYZ._:/@+=~-";
const id = fc.string({ unit: fc.constantFrom(...Array.from(ID_LETTERS)), minLength: 1, maxLength: 128 });
const word = fc.string({ unit: fc.constantFrom(...Array.from("abcxyz0189_-")), minLength: 1, maxLength: 12 });
const action = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("."));

const timestamp: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.date({
      min: new Date("1970-01-02T00:00:00Z"),
      max: new Date("9999-12-30T00:00:00Z"),
      noInvalidDate: true,
    }),
    fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }),
    fc.stringMatching(/^[0-9]{0,6}$/),
  )
  .map(([date, offset, digits]) => {
    const utc = date.toISOString();
    const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 23);
    const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
    const zone = [hours, minutes].map((part) => String(part).padStart(2, "0")).join(":");
    return {
      sent:
        offset === 0 ? `${utc.slice(0, 23)}${digits}Z` : `${local}${digits}${offset < 0 ? "-" : "+"}${zone}`,
      kept: utc,
    };
  });

const name = same(text(1, 40));
const note = same(text(0, 40));
const party = (type: Omit<Known, "value">) =>
  object(
    { type: { value: name, ...type }, id: { value: name, required: true }, name: { value: name } },
    { open: true },
  );

const ip: fc.Arbitrary<Sent> = fc.oneof(
  same(fc.ipV4()),
  fc.constantFrom(
    { sent: "2001:DB8:0:0:0:0:0:1", kept: "2001:db8::1" },
    { sent: "::ffff:c000:0201", kept: "::ffff:192.0.2.1" },
  ),
);

/** Valid events, and their entries. */
export function eventArbitrary(receivedAt: string): fc.Arbitrary<Sent> {
  return object({
    v: { value: same(fc.constant(1)), fallback: 1 },
    id: { value: same(id), fallback: MADE_ID },
    occurred_at: { value: timestamp, fallback: receivedAt },
    received_at: { fallback: receivedAt },
    action: { value: same(action), required: true },
    actor: { value: party({ fallback: "user" }), required: true },
    on_behalf_of: { value: party({ fallback: "user" }) },
    targets: { value: list(party({ required: true })) },
    context: {
      value: object({
        ip: { value: ip },
        user_agent: { value: note },
        request_id: { value: note },
        trace_id: { value: note },
        session_id: { value: note },
        location: { value: same(fc.oneof(text(0, 20), freeObject)) },
      }),
    },
    outcome: { value: same(fc.constantFrom("success", "failure", "denied", "unknown")), fallback: "unknown" },
    reason: { value: note },
    changes: {
      value: list(
        object({
          field: { value: note, required: true },
          old: { value: same(free), nullable: true },
          new: { value: same(free), nullable: true },
        }),
      ),
    },
    tenant: { value: name },
    source: { value: object({ id: { value: name, required: true }, seq: { value: same(fc.nat()) } }) },
    metadata: { value: same(freeObject) },
  });
}
