import { DOT, ZERO } from "./ascii.ts";

/** Whether `bytes[start, end)` is an IPv4 address, without making a string of it. */
export function isDottedDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  let dots = 0;
  let digits = 0;
  let part = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (bytes[at] === DOT) {
      if (digits === 0) return false;
      dots++;
      digits = part = 0;
    } else {
      // A leading zero may mean octal to somebody.
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return false;
      digits++;
      part = part * 10 + digit;
      if (part > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}
