import { createHash } from "node:crypto";
import {
  BUNDLE_LENGTH_BYTES_MAX,
  HASH_LENGTH_BYTES,
  MalformedError,
  TILE_WIDTH,
  UnavailableError,
} from "@stele/proof";

export interface VantagePointOptions {
  /** The prefix of the log's tlog-tiles, or the monitoring prefix of a witness. */
  readonly url: string;
  /** `witness`: what it cosigned last of the log; it has no tiles. */
  readonly kind: "log" | "witness";
  readonly origin: string;
  /** For this place alone. */
  readonly token?: string;
  /** For each request, with its body. */
  readonly timeoutMs: number;
  /** Ends requests. */
  readonly signal: AbortSignal;
}

const TILE_LENGTH_BYTES = TILE_WIDTH * HASH_LENGTH_BYTES;
/** Room for 100 signatures. A monitor keeps more than a hundred checkpoints, and two go into a proof: a log could fill its disk otherwise. */
const CHECKPOINT_LENGTH_BYTES_MAX = 1 << 16;

/**
 * A place that shows a log: the log itself, a mirror, another way to it, a witness. Nothing that it says is trusted; what it
 * answers is limited in length (after unpacking) and time. It may not send elsewhere: a redirect is an error, so that what was
 * looked at is what was named.
 */
export class VantagePoint {
  /** As it was given, without slashes at its end. */
  readonly url: string;
  readonly hasTiles: boolean;
  readonly #prefix: string;
  readonly #options: VantagePointOptions;

  /** @throws MalformedError `vantage_point_malformed` */
  constructor(options: VantagePointOptions) {
    const parsed = URL.canParse(options.url) ? new URL(options.url) : undefined;
    if (
      !parsed ||
      !/^https?:$/.test(parsed.protocol) ||
      parsed.search ||
      parsed.hash ||
      parsed.username ||
      parsed.password
    ) {
      // A user, a password, a query may be secrets.
      const which = parsed?.host ? `What is to be watched at ${parsed.host}` : "What is to be watched";
      throw new MalformedError(
        "vantage_point_malformed",
        `${which} is no http or https URL without user, query and fragment`,
      );
    }
    this.url = parsed.href.replace(/\/+$/, "");
    this.hasTiles = options.kind === "log";
    const id = createHash("sha256").update(options.origin).digest("hex");
    this.#prefix = this.hasTiles ? this.url : `${this.url}/${id}`;
    this.#options = options;
  }

  /**
   * The signed note that it shows now.
   *
   * @throws UnavailableError `vantage_point_unreachable`, `vantage_point_refused`; MalformedError `answer_too_long`
   */
  async checkpoint(): Promise<Uint8Array> {
    return await this.#get("checkpoint", CHECKPOINT_LENGTH_BYTES_MAX);
  }

  /** A tile or an entry bundle: a `FetchPath`. @throws as {@link checkpoint} */
  readonly fetch = async (path: string): Promise<Uint8Array> =>
    await this.#get(path, path.startsWith("tile/entries/") ? BUNDLE_LENGTH_BYTES_MAX : TILE_LENGTH_BYTES);

  async #get(path: string, lengthBytesMax: number): Promise<Uint8Array> {
    const { token, timeoutMs, signal } = this.#options;
    const url = `${this.#prefix}/${path}`;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(url, {
        redirect: "manual",
        signal: limit,
        headers: {
          accept: "*/*",
          "accept-encoding": "gzip, identity",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      });
      if (response.status === 200) return await readBody(response, url, lengthBytesMax);
      await response.body?.cancel();
      const hint =
        path === "checkpoint" && this.hasTiles && response.status === 404 && !this.url.includes("/logs/")
          ? `; of a Stele node, give ${this.url}/logs/<name>`
          : "";
      throw new UnavailableError("vantage_point_refused", `${url} answered ${response.status}${hint}`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UnavailableError || error instanceof MalformedError) throw error;
      // `fetch` says no more than "fetch failed"; what happened is the cause.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const reason = limit.aborted
        ? `no answer within ${timeoutMs} ms`
        : cause instanceof Error && cause.message !== ""
          ? cause.message
          : String(cause);
      throw new UnavailableError("vantage_point_unreachable", `${url}: ${reason}`, { cause });
    }
  }
}

async function readBody(response: Response, url: string, lengthBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Counts what was unpacked, and so stops a small answer that unpacks to a huge one.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > lengthBytesMax) {
      throw new MalformedError("answer_too_long", `${url} answered with more than ${lengthBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
