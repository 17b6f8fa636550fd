import { textOf, type JsonObject } from "./json-object.ts";

/** The longest that an id or a name in an event may be. docs/spec/entry.md. */
export const NAME_CHARACTERS_MAX = 1024;

/** At most so many characters, none of them halved. */
export function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : Array.from(text).slice(0, charactersMax).join("");
}

/** `GetBucketPolicy` → `get_bucket_policy`, `DescribeDBInstances` → `describe_db_instances`. */
export function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "_");
}

/** `s3.amazonaws.com` → `s3`. */
export function serviceOf(record: JsonObject): string {
  return (textOf(record, "eventSource") ?? "aws").replace(/\.amazonaws\.com(\.cn)?$/, "");
}
