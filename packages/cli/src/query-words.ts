import { RefusedError } from "@stele/client";
import { MalformedError } from "@stele/proof";
import { UsageError } from "./cli-error.ts";
import { printable } from "./printable.ts";

/**
 * The words of a command line as one query. Commander lets options that it does not know through, for the sake of
 * `-action:x`.
 *
 * @throws UsageError for `--what`, which is an option that is not known
 */
export function queryOf(words: readonly string[]): string {
  const option = words.find((word) => word.startsWith("--"));
  if (option === undefined) return words.join(" ");
  throw new UsageError(`There is no option ${option}`);
}

/** Runs `search`. If the node does not understand the query, the error shows it, with a mark under what is wrong. */
export async function pointingAtMistakes<T>(query: string, search: () => Promise<T>): Promise<T> {
  try {
    return await search();
  } catch (error) {
    if (!(error instanceof RefusedError) || error.offset === undefined) throw error;
    const shown = pointAt(query, error.offset, error.length ?? 1);
    throw new MalformedError(error.code, `${error.message}\n${shown}`, { cause: error });
  }
}

function pointAt(query: string, offset: number, length: number): string {
  const before = printable(query.slice(0, offset));
  const wrong = printable(query.slice(offset, offset + length));
  const after = printable(query.slice(offset + length));
  return `  ${before}${wrong}${after}\n  ${" ".repeat(before.length)}${"^".repeat(Math.max(1, wrong.length))}`;
}
