/** What a submission may not exceed. The limits of a single entry's fields are in `entry-schema.ts`. */
export interface EventLimits {
  /** Events in one submission. More: `batch_too_large`. */
  readonly batchEventsMax: number;
  /** The body of a submission after decoding, in bytes. More: `body_too_large`. */
  readonly bodyBytesMax: number;
  /** Problems named in one `event_invalid`; the scan ends where this many were found. */
  readonly problemsMax: number;
  /** Bodies up to this size, not compressed, are read on the caller's thread: handing them over costs more. */
  readonly inlineBytesMax: number;
}

export const DEFAULT_EVENT_LIMITS: EventLimits = {
  batchEventsMax: 10_000,
  bodyBytesMax: 16 * 1024 * 1024,
  problemsMax: 100,
  inlineBytesMax: 16 * 1024,
};

/** The limit of a tlog-tiles entry bundle, which holds each entry's length in 16 bits. */
export const ENTRY_BYTES_MAX = 65_535;

/** How deep objects and arrays may be nested in free data; the outermost is level 1. */
export const FREE_DATA_DEPTH_MAX = 16;
