export { formatQuery, formatValue, metadataField } from "./format-query.ts";
export { parseQuery, queryFromParameters } from "./parse-query.ts";
export type { QueryClock, QueryParameters } from "./parse-query.ts";
export { parseTime } from "./time-value.ts";
export { FIELD_NAMES } from "./field.ts";
export { OUTCOMES, QUERY_LENGTH_MAX, QUERY_TERMS_MAX } from "./query.ts";
export type {
  AddressTerm,
  FieldTerm,
  FreeTextTerm,
  MetadataTerm,
  Query,
  Term,
  TextField,
  TimeField,
  TimeTerm,
} from "./query.ts";
export type { AddressRange } from "./address-range.ts";
export type { Pattern } from "./pattern.ts";
export { queryTimeRange, requiredEquals } from "./query-bounds.ts";
export type { RequiredEquals, TimeRange } from "./query-bounds.ts";
export { QueryError, renderQueryError } from "./query-error.ts";
export type { QueryPlace } from "./query-error.ts";
export { matches } from "./query-matcher.ts";
export type { ParsedEntry, QueryMatcher } from "./query-matcher.ts";

// For editors of queries.
export { applyCompletion, completionAt } from "./completion.ts";
export type { Completion, FieldCompletion, ValueCompletion } from "./completion.ts";
export { hasTerm, timeTexts, withoutTerm, withTerm, withTimeTexts } from "./edit-query.ts";
export type { ExactTerm, TimeTexts } from "./edit-query.ts";
export { COUNTED_FIELDS, FIELD_DESCRIPTIONS, suggestFields } from "./field-descriptions.ts";
export type { CountedField, FieldDescription } from "./field-descriptions.ts";
export { tokens } from "./tokens.ts";
export type { Token, TokenKind } from "./tokens.ts";

// What another way of deciding queries needs, such as the node's in SQL.
export { formatAddress, hexGroups, lastAddress, MAPPED } from "./address-range.ts";
export { escapeRegExp, freeTextPatterns } from "./free-text.ts";
export { canonicalIp } from "./ip-address.ts";
export { jsonBeginnings, textBeginning } from "./metadata-value.ts";
export { exactValue, isAnyValue } from "./pattern.ts";
