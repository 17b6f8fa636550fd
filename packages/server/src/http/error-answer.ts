import { QueryError } from "@stele/query";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifySchemaValidationError } from "fastify/types/schema.js";
import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import { AccessError } from "../access/errors.ts";
import { EventRejectedError } from "../event/errors.ts";
import { ERROR_STATUS } from "./error-status.ts";
import { RequestError, type RequestErrorCode } from "./errors.ts";
import type { ErrorBody } from "./schemas.ts";

const RETRY_AFTER_MS = 1_000;

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

/** How an error is told to the client. Of a fault of the node's own nothing is told: it is in the node's log. */
export function answerOfError(thrown: unknown): ErrorAnswer {
  const error = fromFastify(thrown);
  if (error instanceof VerificationError) {
    const message =
      "What is stored of this log is not what was signed, so it is not served. The node's own log says where, and “stele alarms” in time";
    const status = ERROR_STATUS["log_damaged"]!;
    return { status, headers: {}, body: { error: { code: "log_damaged", message } } };
  }
  const known = error instanceof SteleError ? ERROR_STATUS[error.code] : undefined;
  if (!(error instanceof SteleError) || known === undefined) {
    const message = "The node failed at this request. Its own log says why";
    return { status: 500, headers: {}, body: { error: { code: "internal", message } } };
  }
  return {
    status: known,
    headers: { ...retryHeaders(error, known), ...accessHeaders(error, known) },
    body: {
      error: {
        code: error.code,
        message: error.message,
        ...(error instanceof EventRejectedError && { problems: [...error.problems] }),
        ...(error instanceof QueryError && placeOf(error)),
      },
    },
  };
}

/** Answers with an error, and writes a line about it to the node's log: never a token, a query or a body. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = answerOfError(error);
  const line = { status, code: body.error.code, route: request.routeOptions.url };
  if (status === 500) request.log.error({ ...line, err: error }, "request failed");
  else if (status > 500) request.log.warn({ ...line, reason: body.error.message }, "request not served");
  else request.log.info(line, "request refused");
  return reply.code(status).headers(headers).type("application/json; charset=utf-8").send(body);
}

function placeOf({ offset, length, parameter }: QueryError) {
  return { offset, length, ...(parameter !== undefined && { parameter }) };
}

function retryHeaders(error: SteleError, status: number): Record<string, string> {
  if (status !== 503 && status !== 429) return {};
  const retryAfterMs = (error instanceof UnavailableError && error.retryAfterMs) || RETRY_AFTER_MS;
  return { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
}

/** RFC 6750 section 3. */
function accessHeaders(error: SteleError, status: number): Record<string, string> {
  if (!(error instanceof AccessError)) return {};
  const reason = {
    token_required: "",
    token_unknown: ', error="invalid_token"',
    token_expired: ', error="invalid_token"',
    role_insufficient: ', error="insufficient_scope"',
  }[error.code];
  if (reason === undefined || (status !== 401 && status !== 403)) return {};
  const scope = error.roleNeeded === undefined ? "" : `, scope="${error.roleNeeded}"`;
  return { "www-authenticate": `Bearer realm="stele"${reason}${scope}` };
}

/** What Fastify itself throws, in our words. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [RequestErrorCode, string]>> = {
  FST_ERR_BAD_URL: ["request_malformed", "The URL is not well formed"],
  FST_ERR_MAX_PARAM_LENGTH: ["parameter_malformed", "A part of the path is too long"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    "media_type_unsupported",
    "The Content-Type is not one that is accepted here",
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ["body_too_large", "The body is longer than it can be here"],
  FST_ERR_CTP_INVALID_JSON_BODY: ["parameter_malformed", "The body is not JSON"],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["parameter_malformed", "The body is empty: JSON was expected"],
};

function fromFastify(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SteleError || !("code" in error)) return error;
  const [code, message] = FASTIFY_ERRORS[String(error.code)] ?? [];
  return code === undefined ? error : new RequestError(code, message ?? "", { cause: error });
}

/** What is wrong with a parameter that is not as its schema says. */
export function parameterError(problems: FastifySchemaValidationError[], part: string): RequestError {
  const where = part === "querystring" ? "query parameter" : part === "headers" ? "header" : "parameter";
  const [problem] = problems;
  const { missingProperty, additionalProperty, allowedValues } = problem?.params ?? {};
  const named = [missingProperty, additionalProperty].find((one) => typeof one === "string");
  const name = named ?? problem?.instancePath.slice(1) ?? "";
  const what =
    (missingProperty !== undefined && "is missing") ||
    (additionalProperty !== undefined && "is not known here") ||
    (Array.isArray(allowedValues) && `must be one of ${allowedValues.join(", ")}`) ||
    problem?.message;
  return new RequestError("parameter_malformed", `The ${where} ${JSON.stringify(name.slice(0, 80))} ${what}`);
}
