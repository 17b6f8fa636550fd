/** `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
export const TIMESTAMP_LENGTH = 24;

const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const FORM = "must be an RFC 3339 date and time with an offset, such as 2026-01-31T12:00:00Z";
const YEARS = "must be in the years 1970 to 9999 (UTC)";
const [ZERO, HYPHEN, PLUS, COLON, DOT, T, Z] = [0x30, 0x2d, 0x2b, 0x3a, 0x2e, 0x54, 0x5a];
const LOWER_CASE = 0x20;

/**
 * Rewrites the RFC 3339 time in `bytes[start, end)` in place, as UTC with milliseconds: {@link TIMESTAMP_LENGTH} bytes
 * from `start` on (there has to be room for them). Finer digits are cut off, not rounded.
 *
 * @returns what is wrong with it, and then the bytes are undefined; or `undefined` if nothing is
 */
export function normaliseTimestamp(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < 20 || !hasPunctuation(bytes, start)) return FORM;
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  let at = start + 19;
  let millisecond = 0;
  if (bytes[at] === DOT) {
    const from = ++at;
    for (; at < end && isDigit(bytes[at]!); at++) {
      if (at - from < 3) millisecond = millisecond * 10 + bytes[at]! - ZERO;
    }
    if (at === from) return FORM;
    for (let i = at - from; i < 3; i++) millisecond *= 10;
  }
  const offsetMinutes = parseOffset(bytes, at, end);
  // One digit that is none makes its number, and so the sum, NaN.
  if (Number.isNaN(year + month + day + hour + minute + second + offsetMinutes)) return FORM;

  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  if (month < 1 || month > 12 || day < 1 || day > DAYS[month]! + leapDay)
    return "is a date that does not exist";
  if (hour === 24) return "has the hour 24, which does not exist: write hour 00 of the next day";
  if (second === 60) return "is a leap second, which the log's time scale does not have: write second 59";
  if (hour > 23 || minute > 59 || second > 59) return "is a time of day that does not exist";
  if (year < 1970 && offsetMinutes === 0) return YEARS;

  if (offsetMinutes !== 0) {
    const local = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
    const utc = new Date(local - offsetMinutes * 60_000);
    // Date.UTC takes the years 0 to 99 for 1900 to 1999.
    if (year < 1000 || utc.getUTCFullYear() < 1970 || utc.getUTCFullYear() > 9999) return YEARS;
    const text = utc.toISOString();
    for (let i = 0; i < TIMESTAMP_LENGTH; i++) bytes[start + i] = text.charCodeAt(i);
    return undefined;
  }
  bytes[start + 10] = T;
  bytes[start + 19] = DOT;
  bytes[start + 20] = ZERO + Math.floor(millisecond / 100);
  bytes[start + 21] = ZERO + (Math.floor(millisecond / 10) % 10);
  bytes[start + 22] = ZERO + (millisecond % 10);
  bytes[start + 23] = Z;
  return undefined;
}

function hasPunctuation(bytes: Uint8Array, start: number): boolean {
  return (
    bytes[start + 4] === HYPHEN &&
    bytes[start + 7] === HYPHEN &&
    (bytes[start + 10] === T || bytes[start + 10] === (T | LOWER_CASE)) &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON
  );
}

/** Minutes east of UTC, or NaN if `bytes[at, end)` is not exactly an offset. */
function parseOffset(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at];
  if (end === at + 1 && (sign === Z || sign === (Z | LOWER_CASE))) return 0;
  if (end !== at + 6 || (sign !== PLUS && sign !== HYPHEN) || bytes[at + 3] !== COLON) return NaN;
  const hours = twoDigits(bytes, at + 1);
  const minutes = twoDigits(bytes, at + 4);
  if (hours > 23 || minutes > 59) return NaN;
  return (hours * 60 + minutes) * (sign === PLUS ? 1 : -1);
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]!;
  const ones = bytes[at + 1]!;
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : NaN;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
