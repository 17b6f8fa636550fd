import { MalformedError } from "@stele/proof";

/** Every code that reading a submission throws, with its meaning. All are the producer's fault. */
export const EVENT_ERROR_CODES = {
  event_invalid: "At least one event is not as docs/spec/entry.md requires; `problems` names each.",
  body_malformed: "The body is not JSON, or not what its Content-Encoding says.",
  body_too_large: "The body, after decoding, is over the limit.",
  batch_too_large: "The body has more events than a submission may have.",
  batch_empty: "The body has no event.",
} as const satisfies Readonly<Record<string, string>>;

export type EventErrorCode = keyof typeof EVENT_ERROR_CODES;

/** One thing that is wrong with one event of a submission. */
export interface EventProblem {
  /** Which event of the submission, from 0. Blank lines of NDJSON don't count. */
  readonly position: number;
  /** Where in the event: a JSON pointer (RFC 6901), empty for the event as a whole. Cut, with `…` at its end, if very long. */
  readonly path: string;
  /** For people: what is wrong there. */
  readonly reason: string;
}

/** At least one event is refused, and so the whole submission. Code `event_invalid`. */
export class EventRejectedError extends MalformedError {
  /** In the order of the body, at least one; not more than `problemsMax`, even if there are more. */
  readonly problems: readonly EventProblem[];

  constructor(problems: readonly EventProblem[]) {
    const first = problems[0];
    const place = first === undefined ? "" : `: event ${first.position} ${first.path || "/"} ${first.reason}`;
    super("event_invalid", `The submission has ${problems.length} problem(s)${place}`);
    this.problems = problems;
  }
}

/** Where a body stops being JSON. */
export interface BodyPlace {
  /** Offset of the byte in the decoded body. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
  /** The event that the byte belongs to, from 0. */
  readonly position: number;
}

/** The body as a whole can't be read. Code `body_malformed`. */
export class BodyMalformedError extends MalformedError {
  readonly reason: string;
  /** Known if it is the JSON that is broken, not the compression. */
  readonly place: BodyPlace | undefined;

  constructor(reason: string, place?: BodyPlace, options?: ErrorOptions) {
    const where =
      place === undefined ? "" : ` at line ${place.line}, column ${place.column} (byte ${place.offset})`;
    super("body_malformed", `${reason}${where}`, options);
    this.reason = reason;
    this.place = place;
  }
}

/** A MalformedError on its way between threads, which would strip it of its class. */
export type Refusal =
  | { readonly kind: "events"; readonly problems: readonly EventProblem[] }
  | { readonly kind: "body"; readonly reason: string; readonly place: BodyPlace | undefined }
  | { readonly kind: "other"; readonly code: string; readonly message: string };

export function packRefusal(error: MalformedError): Refusal {
  if (error instanceof EventRejectedError) return { kind: "events", problems: error.problems };
  if (error instanceof BodyMalformedError) return { kind: "body", reason: error.reason, place: error.place };
  return { kind: "other", code: error.code, message: error.message };
}

export function unpackRefusal(refusal: Refusal): MalformedError {
  if (refusal.kind === "events") return new EventRejectedError(refusal.problems);
  if (refusal.kind === "body") return new BodyMalformedError(refusal.reason, refusal.place);
  return new MalformedError(refusal.code, refusal.message);
}
