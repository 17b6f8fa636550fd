import { hash } from "node:crypto";
import { MalformedError } from "@stele/proof";
import { formatQuery, type Query } from "@stele/query";

export type Order = "newest" | "oldest";

const VERSION = 1;
const DIGEST_LENGTH = 16;

/**
 * Where the next page begins. `bound` is exclusive for the newest first, inclusive for the oldest first.
 *
 * The digest of query and order leaves out the instants of times: `after:-24h` is another instant on each page.
 */
export function formatCursor(query: Query, order: Order, bound: number): string {
  return Buffer.from(JSON.stringify([VERSION, digest(query, order), bound])).toString("base64url");
}

/** @throws MalformedError `cursor_invalid`, also for the cursor of another query or order */
export function parseCursor(text: string, query: Query, order: Order): number {
  try {
    const [version, of, bound] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    const valid = version === VERSION && of === digest(query, order) && Number.isSafeInteger(bound);
    if (valid && Number(bound) >= 0 && formatCursor(query, order, Number(bound)) === text)
      return Number(bound);
  } catch {
    // Not JSON: not a cursor, as below.
  }
  throw new MalformedError(
    "cursor_invalid",
    "The cursor does not belong to this query and order; begin without one",
  );
}

function digest(query: Query, order: Order): string {
  const terms = query.terms.map((term) => (term.kind === "time" ? { ...term, ms: 0 } : term));
  return hash("sha256", `${order} ${formatQuery({ terms })}`, "base64url").slice(0, DIGEST_LENGTH);
}
