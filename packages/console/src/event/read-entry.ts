import type { Change, Entry, Party } from "@stele/client";
import { decodeUtf8, MalformedError } from "@stele/proof";

/** Deeper than any entry that a node takes, and not so deep that walking through it could fail. */
const DEPTH_MAX = 500;

/**
 * Parses the bytes of an entry, which may be anything as long as nothing proves them. What is returned has the shape that
 * docs/spec/entry.md gives it; free data may be deeper.
 *
 * @returns undefined if they are no entry
 */
export function readEntry(bytes: Uint8Array): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof MalformedError) return undefined;
    throw error;
  }
  return depthOf(value) <= DEPTH_MAX && isEntry(value) ? value : undefined;
}

/** Without recursion: it is to find out what would be too deep for that. */
function depthOf(value: unknown): number {
  let depth = 0;
  let level = [value].filter(isObject);
  while (level.length > 0 && depth <= DEPTH_MAX) {
    depth++;
    level = level.flatMap((one) => Object.values(one).filter(isObject));
  }
  return depth;
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  const { actor, on_behalf_of: behalf, targets, context, changes, source, metadata } = value;
  return (
    ["id", "occurred_at", "received_at", "action", "outcome"].every((key) => isString(value[key])) &&
    ["reason", "tenant"].every((key) => isAbsent(value[key]) || isString(value[key])) &&
    isParty(actor) &&
    (isAbsent(behalf) || isParty(behalf)) &&
    (isAbsent(targets) || (Array.isArray(targets) && targets.every(isParty))) &&
    (isAbsent(context) || isContext(context)) &&
    (isAbsent(changes) || (Array.isArray(changes) && changes.every(isChange))) &&
    (isAbsent(source) || isSource(source)) &&
    (isAbsent(metadata) || isRecord(metadata))
  );
}

function isParty(value: unknown): value is Party & { readonly type: string } {
  return (
    isRecord(value) && isString(value["id"]) && isString(value["type"]) && isAbsentOrString(value["name"])
  );
}

function isContext(value: unknown): boolean {
  const texts = ["ip", "user_agent", "request_id", "trace_id", "session_id"];
  return isRecord(value) && texts.every((key) => isAbsentOrString(value[key]));
}

function isChange(value: unknown): value is Change {
  return isRecord(value) && isString(value["field"]);
}

function isSource(value: unknown): boolean {
  return (
    isRecord(value) && isString(value["id"]) && (isAbsent(value["seq"]) || Number.isInteger(value["seq"]))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !Array.isArray(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isAbsent(value: unknown): value is undefined {
  return value === undefined;
}

function isAbsentOrString(value: unknown): boolean {
  return isAbsent(value) || isString(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
