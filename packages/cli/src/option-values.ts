import { parseVerifierKey } from "@stele/proof";
import { InvalidArgumentError } from "commander";

/** Reads a whole number from the command line, for Commander. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError("It is a whole number.");
}

/** As {@link wholeNumber}, but not 0. */
export function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number > 0) return number;
  throw new InvalidArgumentError("It is 1 or more.");
}

/** Values with commas between them. */
export function list(text: string): string[] {
  return text.split(",");
}

/** Checks that it is a vkey, and returns it. */
export function verifierKey(text: string): string {
  try {
    parseVerifierKey(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : "It is no key.");
  }
}
