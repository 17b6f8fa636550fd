import type { LogEntry, SteleClient } from "@stele/client";

/** Which events, in which order: the same however long reading them takes. */
export interface EventSelection {
  /** Without distances into the past. */
  readonly query: string;
  /** Only entries with a leaf index below it. */
  readonly asOf: number;
  readonly order: "newest" | "oldest";
  /** How many these are, if that is counted already. */
  readonly total: number | undefined;
}

/** As many as the node gives at once. */
const PAGE_EVENTS = 1_000;

/** The events, page by page. @throws what `client.searchPage` throws */
export async function* readEvents(
  client: SteleClient,
  { query, asOf, order }: EventSelection,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await client.searchPage(query, {
      order,
      asOf,
      pageSize: PAGE_EVENTS,
      signal,
      ...(cursor !== undefined && { cursor }),
    });
    yield page.events;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
