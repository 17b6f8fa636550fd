import { parseTime } from "@stele/query";

/** What the URL of the explore page says. */
export interface ExploreSearch {
  /** In the query language. */
  readonly q?: string;
  /** The time range, of `occurred_at`: as `after:` and `before:` take it, such as `-24h` or RFC 3339. */
  readonly from?: string;
  readonly to?: string;
  /** The newest first unless told. */
  readonly order?: "oldest";
  /** The names of the table's columns, separated by commas; the usual ones unless told. */
  readonly columns?: string;
  /** The field by whose values the histogram is split; `none`; by outcome unless told. */
  readonly split?: string;
  /** The leaf index of the event that is shown beside the table. */
  readonly event?: number;
}

const TEXT_LENGTH_MAX = 4_096;

/** Keeps of a URL what is understood: a link from anywhere leads here. */
export function exploreSearch(given: Record<string, unknown>): ExploreSearch {
  const { order, event } = given;
  const texts = (["q", "from", "to", "columns", "split"] as const).flatMap((name) => {
    // The router reads `q=5` as a number.
    const value = typeof given[name] === "number" ? String(given[name]) : given[name];
    if (typeof value !== "string" || value === "" || value.length > TEXT_LENGTH_MAX) return [];
    const isTime = name === "from" || name === "to";
    return isTime && parseTime(value, 0) === undefined ? [] : [[name, value]];
  });
  return {
    ...(Object.fromEntries(texts) as Partial<Record<"q" | "from" | "to" | "columns" | "split", string>>),
    ...(order === "oldest" && { order }),
    ...(Number.isSafeInteger(event) && Number(event) >= 0 && { event: Number(event) }),
  };
}
