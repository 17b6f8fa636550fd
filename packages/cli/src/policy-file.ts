import { readFileSync } from "node:fs";
import { MalformedError, parsePolicy, type Policy } from "@stele/proof";
import { UsageError } from "./cli-error.ts";

/** The tlog-policy in a file. @throws UsageError naming the file, and the line if it is not a policy */
export function readPolicy(path: string): Policy {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} can't be read (${String((error as NodeJS.ErrnoException).code)})`);
  }
  try {
    return parsePolicy(bytes);
  } catch (error) {
    throw error instanceof MalformedError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}
