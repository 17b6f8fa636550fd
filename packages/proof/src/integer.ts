import { MalformedError } from "./errors.ts";

/**
 * Checks a tree size, leaf index or other count at the border of the package, and returns it.
 * All of them are safe integers (at most 2^53-1), because JavaScript's bit operators and larger numbers
 * would silently lose bits.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function checkInteger(name: string, value: number, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new MalformedError(
      "integer_out_of_range",
      `${name} is ${value}; it must be an integer from ${min} to ${max}`,
    );
  }
  return value;
}

/**
 * Parses an ASCII decimal as C2SP writes sizes, indexes and times: digits only, no sign, no leading zeroes.
 *
 * @throws MalformedError `decimal_malformed` (also above 2^53-1)
 */
export function parseDecimal(name: string, text: string): number {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new MalformedError(
      "decimal_malformed",
      `${name} is ${JSON.stringify(text.slice(0, 40))}; it must be a decimal from 0 to 2^53-1 without leading zeroes`,
    );
  }
  return value;
}

/** Formats a safe integer as a decimal. @throws MalformedError `integer_out_of_range` */
export function formatDecimal(name: string, value: number): string {
  return String(checkInteger(name, value));
}
