import { isIP } from "node:net";
import { expect } from "vitest";

const KEYS = [
  "v",
  "id",
  "occurred_at",
  "received_at",
  "action",
  "actor",
  "on_behalf_of",
  "targets",
  "context",
  "outcome",
  "reason",
  "changes",
  "tenant",
  "source",
  "metadata",
];
const TIMESTAMP = /^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Parsed = Record<string, unknown>;

/** Judges one entry against docs/spec/entry.md, by other means than those that made it. @returns its id */
export function checkEntry(entry: string): string {
  expect(Buffer.byteLength(entry)).toBeLessThanOrEqual(65_535);
  // oxlint-disable-next-line no-control-regex
  expect(entry).not.toMatch(/[\0-\x1f]|\\u0000/);
  expect(entry.isWellFormed()).toBe(true);
  const parsed = object(JSON.parse(entry));
  expectKeys(parsed, KEYS, ["action", "actor", "outcome"]);
  expect(parsed["v"]).toBe(1);
  const id = text(parsed["id"], 1, 128);
  expect(id).toMatch(/^[0-9A-Za-z._:/@+=~-]+$/);
  for (const key of ["occurred_at", "received_at"]) {
    const time = text(parsed[key], 24, 24);
    expect(time).toMatch(TIMESTAMP);
    expect(new Date(time).toISOString()).toBe(time);
  }
  expect(text(parsed["action"], 1, 128)).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/);
  expect(["success", "failure", "denied", "unknown"]).toContain(parsed["outcome"]);
  if (parsed["reason"] !== undefined) text(parsed["reason"], 0, 4096);
  if (parsed["tenant"] !== undefined) text(parsed["tenant"], 1, 256);
  if (parsed["metadata"] !== undefined) object(parsed["metadata"]);
  for (const party of [
    parsed["actor"],
    parsed["on_behalf_of"] ?? parsed["actor"],
    ...list(parsed["targets"]),
  ]) {
    checkParty(object(party));
  }
  for (const change of list(parsed["changes"])) {
    expectKeys(object(change), ["field", "old", "new"], ["field"]);
    text(object(change)["field"], 0, Infinity);
  }
  checkContext(object(parsed["context"] ?? {}));
  checkSource(object(parsed["source"] ?? { id: "absent" }));
  expectNormal(entry, parsed);
  return id;
}

function checkParty(party: Parsed): void {
  for (const key of ["type", "id"]) text(party[key], 1, 1024);
  if (party["name"] !== undefined) text(party["name"], 1, 1024);
}

function checkContext(context: Parsed): void {
  expectKeys(context, ["ip", "user_agent", "request_id", "trace_id", "session_id", "location"], []);
  if (context["ip"] !== undefined) expect(isIP(text(context["ip"], 2, 45))).toBeGreaterThan(0);
  for (const key of ["user_agent", "request_id", "trace_id", "session_id"]) {
    if (context[key] !== undefined) text(context[key], 0, 1024);
  }
}

function checkSource(source: Parsed): void {
  expectKeys(source, ["id", "seq"], ["id"]);
  text(source["id"], 1, 256);
  expect(Number.isSafeInteger(source["seq"] ?? 0) && Number(source["seq"] ?? 0) >= 0).toBe(true);
}

/** The value, which is a string of so many characters. */
function text(value: unknown, min: number, max: number): string {
  if (typeof value !== "string") throw new TypeError(`Not a string: ${String(value)}`);
  const { length } = Array.from(value);
  expect(length >= min && length <= max).toBe(true);
  return value;
}

function object(value: unknown): Parsed {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("Not an object");
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown = []): unknown[] {
  if (!Array.isArray(value)) throw new TypeError("Not an array");
  return value;
}

function expectKeys(value: Parsed, order: readonly string[], required: readonly string[]): void {
  const keys = Object.keys(value);
  expect(keys).toEqual(order.filter((key) => keys.includes(key)));
  for (const key of required) expect(keys).toContain(key);
}

/** The entry is what JSON.stringify writes, but for the order of keys that JavaScript's objects put in front. */
function expectNormal(entry: string, parsed: Parsed): void {
  const again = JSON.stringify(parsed);
  if (/"(0|[1-9]\d*)":/.test(entry)) {
    expect(Array.from(again).toSorted().join("")).toBe(Array.from(entry).toSorted().join(""));
  } else {
    expect(again).toBe(entry);
  }
}
