/**
 * The HTTP status of every error that a client gets to see, by code. A code that is not here is a fault of the
 * node's own: status 500, code `internal`, and nothing told.
 */
export const ERROR_STATUS: Readonly<Record<string, number>> = {
  request_malformed: 400,
  request_incomplete: 400,
  parameter_malformed: 400,
  log_name_malformed: 400,
  body_malformed: 400,
  batch_empty: 400,
  query_invalid: 400,
  cursor_invalid: 400,
  search_invalid: 400,
  index_out_of_range: 400,
  tile_path_malformed: 400,

  token_required: 401,
  token_unknown: 401,
  token_expired: 401,

  role_insufficient: 403,
  host_not_allowed: 403,
  origin_not_allowed: 403,

  route_unknown: 404,
  log_unknown: 404,
  entry_unknown: 404,
  alarm_unknown: 404,
  tile_unknown: 404,
  not_found: 404,

  request_timeout: 408,

  verification_off: 409,
  key_unknown: 409,
  key_not_current: 409,
  key_in_use: 409,
  keys_too_many: 409,
  key_unproven: 409,
  key_source_empty: 409,

  body_too_large: 413,
  batch_too_large: 413,
  evidence_too_large: 413,

  media_type_unsupported: 415,
  encoding_unsupported: 415,

  event_invalid: 422,

  client_tails_too_many: 429,

  headers_too_large: 431,

  internal: 500,
  log_damaged: 500,

  not_ready: 503,
  node_starting: 503,
  node_stopping: 503,
  stopping: 503,
  overloaded: 503,
  ingest_interrupted: 503,
  storage_full: 503,
  storage_failed: 503,
  store_unavailable: 503,
  store_denied: 503,
  mirror_behind: 503,
  signer_failed: 503,
  key_missing: 503,
  log_fenced: 503,
  index_behind: 503,
  search_overloaded: 503,
  // For the node's own log: whoever asked has closed the connection.
  search_abandoned: 499,
  search_timeout: 503,
  search_memory: 503,
  search_closed: 503,
  tails_too_many: 503,
  sources_loading: 503,
  exports_too_many: 503,
  log_opening: 503,
  log_stale: 503,
};
