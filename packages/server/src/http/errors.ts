import { SteleError } from "@stele/proof";

/** The request can't be answered as it is. Sending the same again is useless. */
export class RequestError extends SteleError {}

/** Every code that `http/` adds, with its meaning. */
export const REQUEST_ERROR_CODES = {
  route_unknown: "There is no such method and path.",
  log_unknown: "The node has no log of this name.",
  log_name_malformed: "Not a name for a log.",
  alarm_unknown: "The node has no alarm of this id.",
  verification_off: "The node was told not to verify what is stored.",
  entry_unknown: "The log has no entry of this index or id.",
  tile_unknown: "The log's tree has no such tile, or not of this width.",
  index_out_of_range: "The tree has no such leaf, or the log no tree of this size.",
  parameter_malformed: "A parameter of the path or the query is missing, unknown or not of its form.",
  request_malformed: "The request is not HTTP, or its URL is not well formed.",
  request_incomplete: "The connection ended before the body did.",
  request_timeout: "The request did not arrive in time.",
  headers_too_large: "The request's headers are over the limit.",
  media_type_unsupported: "The Content-Type is not one that is accepted here.",
  encoding_unsupported: "The Content-Encoding is not one that is accepted here.",
  body_too_large: "The body is over the limit.",
} as const satisfies Readonly<Record<string, string>>;

export type RequestErrorCode = keyof typeof REQUEST_ERROR_CODES;
