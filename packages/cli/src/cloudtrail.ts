import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { EventInput, Outcome } from "@stele/client";
import { actorOf } from "./cloudtrail-identity.ts";
import { targetsOf } from "./cloudtrail-targets.ts";
import { cut, NAME_CHARACTERS_MAX, serviceOf, snakeCase } from "./cloudtrail-words.ts";
import { fieldOf, textOf, type JsonObject } from "./json-object.ts";

/** Limits of docs/spec/entry.md. */
const ACTION_LENGTH_MAX = 128;
const REASON_CHARACTERS_MAX = 4096;

/**
 * An AWS CloudTrail record as an event (the table is in docs/operate/cli.md), as JSON text. The record itself goes
 * along under `metadata.cloudtrail` exactly as it is written, so nothing of it is lost and the node judges its own
 * characters.
 *
 * @param text of `record`
 */
export function eventOfCloudTrail(record: JsonObject, text: string): string {
  const event = JSON.stringify(mapRecord(record, text));
  return `${event.slice(0, -1)},"metadata":{"cloudtrail":${text.replaceAll(/[\r\n]/g, " ")}}}`;
}

function mapRecord(record: JsonObject, text: string): EventInput {
  const occurredAt = textOf(record, "eventTime");
  const reason = reasonOf(record);
  const tenant = textOf(record, "recipientAccountId");
  const targets = targetsOf(record);
  return {
    id: idOf(record, text),
    ...(occurredAt !== undefined && { occurred_at: occurredAt }),
    action: actionOf(record),
    ...actorOf(record),
    ...(targets.length > 0 && { targets }),
    context: contextOf(record),
    outcome: outcomeOf(record),
    ...(reason !== undefined && { reason }),
    ...(tenant !== undefined && { tenant }),
  };
}

/** The same record has the same id, so importing it again adds nothing. */
function idOf(record: JsonObject, text: string): string {
  const eventId = textOf(record, "eventID");
  if (eventId !== undefined && /^[0-9A-Za-z-]{1,100}$/.test(eventId)) return `cloudtrail:${eventId}`;
  return `cloudtrail:sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** `s3.amazonaws.com` and `GetBucketPolicy`: `s3.get_bucket_policy`. API versions that Lambda appends are cut off. */
function actionOf(record: JsonObject): string {
  const service = snakeCase(serviceOf(record));
  const name = snakeCase((textOf(record, "eventName") ?? "unknown").replace(/\d{8}(v\d+)?$/, ""));
  return `${service}.${name}`.slice(0, ACTION_LENGTH_MAX);
}

/** A call by an AWS service has the service's name for an address, which is no IP. */
function contextOf(record: JsonObject): NonNullable<EventInput["context"]> {
  const address = textOf(record, "sourceIPAddress") ?? "";
  const userAgent = textOf(record, "userAgent");
  const requestId = textOf(record, "requestID");
  return {
    ...(isIP(address) !== 0 && { ip: address }),
    ...(userAgent !== undefined && { user_agent: cut(userAgent, NAME_CHARACTERS_MAX) }),
    ...(requestId !== undefined && { request_id: cut(requestId, NAME_CHARACTERS_MAX) }),
  };
}

const DENIED = /(AccessDenied|UnauthorizedOperation|Unauthorized|NotAuthorized|Forbidden|AuthFailure)/i;

/** Without an `errorCode` the call succeeded, but for signing in, which says so in its answer. */
function outcomeOf(record: JsonObject): Outcome {
  const errorCode = textOf(record, "errorCode");
  if (errorCode !== undefined) return DENIED.test(errorCode) ? "denied" : "failure";
  const answer = textOf(fieldOf(record, "responseElements"), textOf(record, "eventName") ?? "");
  if (answer === "Failure") return "failure";
  return "success";
}

function reasonOf(record: JsonObject): string | undefined {
  const reason = textOf(record, "errorMessage") ?? textOf(record, "errorCode");
  return reason === undefined ? undefined : cut(reason, REASON_CHARACTERS_MAX);
}
