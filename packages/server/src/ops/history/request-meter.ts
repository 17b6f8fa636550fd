import { LatencyBuckets } from "./latency-buckets.ts";

export const REQUEST_KINDS = ["append", "search", "read", "proof", "tiles", "other"] as const;

export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What was asked of the node since the last look. */
export interface RequestFigures {
  readonly perSecond: Readonly<Record<RequestKind, number>>;
  /** Answered with 500 and above. */
  readonly errorsPerSecond: Readonly<Record<RequestKind, number>>;
  /** Of those that succeeded; undefined if there were none. */
  readonly appendSeconds: { readonly p50: number; readonly p99: number } | undefined;
  readonly searchSeconds: { readonly p50: number; readonly p99: number } | undefined;
}

/** Counts requests by kind, between looks. */
export class RequestMeter {
  readonly #nowMs: () => number;
  #sinceMs: number;
  #requests = zeros();
  #errors = zeros();
  readonly #appends = new LatencyBuckets();
  readonly #searches = new LatencyBuckets();

  /** @param nowMs milliseconds that only grow */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  count({ method, route, status, seconds }: MeteredRequest): void {
    const kind = kindOf(method, route);
    this.#requests[kind]++;
    if (status >= 500) this.#errors[kind]++;
    if (status >= 400) return;
    if (kind === "append") this.#appends.add(seconds);
    if (kind === "search") this.#searches.add(seconds);
  }

  /** The figures since the last call; begins anew. */
  take(): RequestFigures {
    const nowMs = this.#nowMs();
    const seconds = Math.max(nowMs - this.#sinceMs, 1) / 1000;
    const figures = {
      perSecond: rates(this.#requests, seconds),
      errorsPerSecond: rates(this.#errors, seconds),
      appendSeconds: quantiles(this.#appends),
      searchSeconds: quantiles(this.#searches),
    };
    this.#sinceMs = nowMs;
    this.#requests = zeros();
    this.#errors = zeros();
    this.#appends.clear();
    this.#searches.clear();
    return figures;
  }
}

interface MeteredRequest {
  readonly method: string;
  /** As it is declared. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

const OF_LOG = "/v1/logs/:log/";
const SEARCHES: ReadonlySet<string> = new Set(["events", "histogram", "top"]);
const PROOFS = /^(?:proof\/|checkpoint$|evidence$|verify$)/;

function kindOf(method: string, route: string): RequestKind {
  if (route.startsWith("/logs/")) return "tiles";
  const isRead = method === "GET" || method === "HEAD";
  if (!route.startsWith(OF_LOG)) return isRead && route.startsWith("/v1/logs") ? "read" : "other";
  const what = route.slice(OF_LOG.length);
  if (!isRead) return what === "events" ? "append" : "other";
  if (SEARCHES.has(what)) return "search";
  return PROOFS.test(what) ? "proof" : "read";
}

function zeros(): Record<RequestKind, number> {
  return { append: 0, search: 0, read: 0, proof: 0, tiles: 0, other: 0 };
}

function rates(counts: Readonly<Record<RequestKind, number>>, seconds: number): Record<RequestKind, number> {
  const of = zeros();
  for (const kind of REQUEST_KINDS) of[kind] = counts[kind] / seconds;
  return of;
}

function quantiles(buckets: LatencyBuckets): RequestFigures["appendSeconds"] {
  const p50 = buckets.quantile(0.5);
  const p99 = buckets.quantile(0.99);
  return p50 === undefined || p99 === undefined ? undefined : { p50, p99 };
}
