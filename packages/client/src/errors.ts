import { ConflictError, MalformedError, UnavailableError, type SteleError } from "@stele/proof";
import { Answer } from "./answer.ts";

/** The codes that this package adds to those of `@stele/proof` and to those that a node answers with. */
export const CLIENT_ERROR_CODES = {
  unreachable: "No connection to the node, or it broke before the answer was complete.",
  timed_out: "The node did not answer in time.",
  response_malformed: "The answer is not one that a Stele node gives.",
  response_too_large: "The answer is longer than such an answer can be.",
  stream_malformed: "The stream of events is not one that a Stele node sends.",
  endpoint_malformed: "An endpoint is not an http or https URL.",
  event_invalid: "An event given as JSON text is not JSON, or has the id null. The node's own code, too.",
  proof_of_other_entry: "The proof is right, and of another entry than the one asked for.",
} as const satisfies Readonly<Record<string, string>>;

/** One thing that is wrong with one event of a refused batch. */
export interface EventProblem {
  /** 0-based, in the batch. */
  readonly position: number;
  /** Where in the event: a JSON pointer (RFC 6901), empty for the event as a whole. */
  readonly path: string;
  readonly reason: string;
}

/** The request is refused: sending the same again is useless. `code` is the node's, unless it was not even sent. */
export class RefusedError extends MalformedError {
  /** The HTTP status, 400–499; undefined if the client itself refused. */
  readonly status: number | undefined;
  /** For `event_invalid`: what is wrong with which event. Otherwise empty. */
  readonly problems: readonly EventProblem[];
  /** For a query: the 0-based position of the character where it goes wrong, and how many are wrong. */
  readonly offset: number | undefined;
  readonly length: number | undefined;

  constructor(code: string, message: string, details: RefusalDetails) {
    super(code, message);
    this.status = details.status;
    this.problems = details.problems ?? [];
    this.offset = details.offset;
    this.length = details.length;
  }
}

interface RefusalDetails {
  readonly status?: number;
  readonly problems?: readonly EventProblem[] | undefined;
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
}

/**
 * The error that an HTTP answer stands for. Keeps the node's code, message, problems and offset if the body is
 * an error of a node; anything else (a proxy's page) becomes `http_<status>`.
 */
export function errorOfResponse(response: Response, body: string, nowMs: number): SteleError {
  const { status } = response;
  const said = parseErrorBody(body);
  const code = said?.code ?? `http_${status}`;
  const message =
    said?.message ?? `${response.url || "The node"} answered ${status} ${response.statusText}`.trim();
  if (status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), nowMs);
    return new UnavailableError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  if (status === 409) return new ConflictError(code, message);
  return new RefusedError(code, message, { status, ...said });
}

interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly EventProblem[] | undefined;
  readonly offset: number | undefined;
  readonly length: number | undefined;
}

/** The error that a node answers with: `{"error":{"code","message","problems"?,"offset"?,"length"?}}`. */
function parseErrorBody(body: string): ErrorBody | undefined {
  try {
    const error = new Answer(JSON.parse(body), "answer").field("error");
    return {
      code: error.field("code").string(),
      message: error.field("message").string(),
      problems: error.has("problems") ? error.field("problems").items().map(parseProblem) : undefined,
      offset: error.has("offset") ? error.field("offset").integer() : undefined,
      length: error.has("length") ? error.field("length").integer() : undefined,
    };
  } catch {
    return undefined; // Not a node's: the status says enough.
  }
}

function parseProblem(problem: Answer): EventProblem {
  return {
    position: problem.field("position").integer(),
    path: problem.field("path").string(),
    reason: problem.field("reason").string(),
  };
}

/** The milliseconds that a Retry-After header asks for: seconds, or an HTTP date. RFC 9110 section 10.2.3. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
