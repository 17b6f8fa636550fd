import { Answer } from "./answer.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** An alarm of a node: something that a person has to know. docs/operate/alarms.md has all codes. Times are RFC 3339. */
export interface Alarm {
  readonly id: string;
  readonly code: string;
  readonly log: string | undefined;
  readonly subject: string;
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly since: string;
  readonly clearedAt: string | undefined;
  readonly acknowledged:
    { readonly at: string; readonly by: string | undefined; readonly note: string | undefined } | undefined;
  readonly hasEvidence: boolean;
  /** Only of an alarm that was asked for by its id. */
  readonly evidence: object | undefined;
}

/** How somebody who is told of alarms took a test. */
export interface NotifierTest {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | undefined;
}

/** 1,000 alarms without evidence. */
const LIST_LENGTH_BYTES_MAX = 32 << 20;
const ALARM_LENGTH_BYTES_MAX = 4 << 20;
const TEST_TIMEOUT_MS = 20_000;

/** The alarms of the node that a client talks to: each node has alarms of its own. */
export class NodeAlarms {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first: those that are active, or all that the node keeps. */
  async list(which: "active" | "all" = "active", options: CallOptions = {}): Promise<Alarm[]> {
    const answer = await this.#call("GET", `?state=${which}`, LIST_LENGTH_BYTES_MAX, options);
    return answer.field("alarms").items().map(parseAlarm);
  }

  /** One, with its evidence. @throws RefusedError `alarm_unknown` */
  async get(id: string, options: CallOptions = {}): Promise<Alarm> {
    return parseAlarm(await this.#call("GET", `/${encodeURIComponent(id)}`, ALARM_LENGTH_BYTES_MAX, options));
  }

  /** Says that somebody has seen it. Needs the role admin. @throws RefusedError `alarm_unknown` */
  async acknowledge(id: string, note?: string, options: CallOptions = {}): Promise<Alarm> {
    const path = `/${encodeURIComponent(id)}/acknowledge`;
    return parseAlarm(
      await this.#call("POST", path, ALARM_LENGTH_BYTES_MAX, options, note === undefined ? {} : { note }),
    );
  }

  /** Sends a test to everybody who is told of alarms. Needs the role admin. */
  async test(options: CallOptions = {}): Promise<NotifierTest[]> {
    const timed = { timeoutMs: TEST_TIMEOUT_MS, ...options };
    const answer = await this.#call("POST", "/test", ALARM_LENGTH_BYTES_MAX, timed, {});
    return answer
      .field("notifiers")
      .items()
      .map((notifier) => ({
        name: notifier.field("name").string(),
        ok: notifier.field("ok").boolean(),
        reason: notifier.has("reason") ? notifier.field("reason").string() : undefined,
      }));
  }

  async #call(
    method: "GET" | "POST",
    rest: string,
    lengthBytesMax: number,
    options: CallOptions,
    body?: object,
  ): Promise<Answer> {
    const request = {
      method,
      path: `/v1/alarms${rest}`,
      accept: "application/json",
      ...(body && { body: JSON.stringify(body), contentType: "application/json" }),
    };
    return new Answer(await this.#transport.json(request, lengthBytesMax, options), "answer");
  }
}

/** @throws MalformedError `response_malformed` */
export function parseAlarm(alarm: Answer): Alarm {
  const acknowledged = alarm.has("acknowledged") ? alarm.field("acknowledged") : undefined;
  return {
    id: alarm.field("id").string(),
    code: alarm.field("code").string(),
    log: textOf(alarm, "log"),
    subject: alarm.field("subject").string(),
    severity: alarm.field("severity").string() === "critical" ? "critical" : "warning",
    message: alarm.field("message").string(),
    since: alarm.field("since").string(),
    clearedAt: textOf(alarm, "cleared_at"),
    acknowledged: acknowledged && {
      at: acknowledged.field("at").string(),
      by: textOf(acknowledged, "by"),
      note: textOf(acknowledged, "note"),
    },
    hasEvidence: alarm.has("has_evidence") && alarm.field("has_evidence").boolean(),
    evidence: alarm.has("evidence") ? alarm.field("evidence").object() : undefined,
  };
}

function textOf(answer: Answer, name: string): string | undefined {
  return answer.has(name) ? answer.field(name).string() : undefined;
}
