import { MalformedError, SteleError, UnavailableError } from "@stele/proof";
import { randomFraction, type Environment } from "./environment.ts";
import { errorOfResponse, RefusedError } from "./errors.ts";

export interface CallOptions {
  /** Ends the call; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** For the whole call, with its retries. */
  readonly timeoutMs?: number;
  /** For one attempt. */
  readonly attemptTimeoutMs?: number;
  /** How often a call may be sent, the first time included. */
  readonly attemptsMax?: number;
  /** Told why an attempt failed, each time that another one follows. Must not throw. */
  readonly onRetry?: (error: UnavailableError) => void;
}

export interface TransportOptions {
  readonly endpoints: readonly string[];
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly attemptsMax: number;
  readonly environment: Environment;
  readonly onRefused?: ((error: RefusedError) => void) | undefined;
}

export interface Request {
  readonly method: "GET" | "POST" | "PUT";
  /** With its query; begins with a slash. */
  readonly path: string;
  readonly accept: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const ERROR_BODY_LENGTH_BYTES_MAX = 4 << 20;

/**
 * Sends requests to whichever endpoint answers. Everything that Stele's API has is safe to send twice (events
 * carry ids), so whatever says "try again" is tried again: no connection, a broken one, a time-out, 429 and 5xx.
 * Another endpoint is tried at once; once all of them failed, after a pause drawn from
 * [0, 100 ms × 2^round] up to 10 s ("full jitter"), and not before Retry-After.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #endpoints: readonly string[];
  /** The endpoint that answered last, or the one behind the one that failed. */
  #preferred = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints.map(normalEndpoint);
    if (this.#endpoints.length === 0) throw new MalformedError("endpoint_malformed", "No endpoint is given");
  }

  /** The endpoint that the next request goes to. */
  get endpoint(): string {
    return this.#endpoints[this.#preferred]!;
  }

  /** The body of a 2xx answer. @throws RefusedError, ConflictError, UnavailableError, MalformedError `response_too_large` */
  async bytes(request: Request, lengthBytesMax: number, options: CallOptions = {}): Promise<Uint8Array> {
    return await this.#retry(options, async (endpoint, signal) => {
      const { attemptTimeoutMs = this.#options.attemptTimeoutMs } = options;
      const limited = AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]);
      try {
        const response = await this.#send(endpoint, request, limited);
        return await readBody(response, lengthBytesMax);
      } catch (error) {
        throw transportError(error, endpoint, limited);
      }
    });
  }

  /** As {@link bytes}, parsed. @throws also MalformedError `response_malformed` */
  async json(request: Request, lengthBytesMax: number, options: CallOptions = {}): Promise<unknown> {
    const bytes = await this.bytes(request, lengthBytesMax, options);
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (cause) {
      throw new MalformedError("response_malformed", `${request.path} was not answered with JSON`, { cause });
    }
  }

  /**
   * Opens an answer that has no end. The time-out covers the time until its headers; then the caller owns the
   * body, and ends it by `options.signal`.
   */
  async open(
    request: Request,
    options: CallOptions,
  ): Promise<{ endpoint: string; body: ReadableStream<Uint8Array> }> {
    return await this.#retry(options, async (endpoint, signal) => {
      const opening = new AbortController();
      const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#options.attemptTimeoutMs)]);
      const abort = () => opening.abort(limit.reason);
      limit.addEventListener("abort", abort);
      try {
        const life = options.signal ? AbortSignal.any([options.signal, opening.signal]) : opening.signal;
        const response = await this.#send(endpoint, request, life);
        if (!response.body) throw new MalformedError("response_malformed", `${request.path} has no body`);
        return { endpoint, body: response.body };
      } catch (error) {
        throw transportError(error, endpoint, limit);
      } finally {
        limit.removeEventListener("abort", abort);
      }
    });
  }

  async #send(endpoint: string, request: Request, signal: AbortSignal): Promise<Response> {
    const { token, environment, onRefused } = this.#options;
    const response = await environment.fetch(endpoint + request.path, {
      method: request.method,
      signal,
      headers: {
        accept: request.accept,
        ...(request.contentType !== undefined && { "content-type": request.contentType }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...request.headers,
      },
      ...(request.body !== undefined && { body: request.body }),
    });
    if (response.ok) return response;
    const body = new TextDecoder().decode(await readBody(response, ERROR_BODY_LENGTH_BYTES_MAX));
    const error = errorOfResponse(response, body, environment.now());
    if (error instanceof RefusedError) onRefused?.(error);
    throw error;
  }

  async #retry<T>(
    options: CallOptions,
    attempt: (endpoint: string, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { environment } = this.#options;
    const { timeoutMs = this.#options.timeoutMs, attemptsMax = this.#options.attemptsMax } = options;
    const timeout = AbortSignal.timeout(Math.min(timeoutMs, TIMER_MS_MAX));
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const deadline = environment.now() + timeoutMs;
    for (let tried = 1; ; tried++) {
      options.signal?.throwIfAborted();
      const at = this.#preferred;
      try {
        return await attempt(this.#endpoints[at]!, signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof UnavailableError)) throw error;
        // Unless a call beside this one has moved on already.
        if (this.#preferred === at) this.#preferred = (at + 1) % this.#endpoints.length;
        const pauseMs = this.#pauseMs(tried, error);
        if (tried >= attemptsMax || environment.now() + pauseMs >= deadline) throw error;
        options.onRetry?.(error);
        await environment.sleep(pauseMs, options.signal ?? NEVER);
      }
    }
  }

  #pauseMs(tried: number, error: UnavailableError): number {
    if (tried % this.#endpoints.length !== 0) return 0;
    const round = tried / this.#endpoints.length - 1;
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** round);
    return Math.max(error.retryAfterMs ?? 0, randomFraction(this.#options.environment) * backoffMs);
  }
}

const NEVER = new AbortController().signal;

/** Longer timers fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

function normalEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.search || url.hash) {
    throw new MalformedError("endpoint_malformed", `${JSON.stringify(endpoint)} is not an http or https URL`);
  }
  return url.href.replace(/\/+$/, "");
}

/** What `fetch` and body streams throw, in our words. That the caller ended the call is told from his signal. */
function transportError(error: unknown, endpoint: string, signal: AbortSignal): unknown {
  if (error instanceof SteleError) return error;
  if (signal.aborted) {
    return new UnavailableError("timed_out", `${endpoint} did not answer in time`, { cause: error });
  }
  // `fetch` says no more than "fetch failed"; what happened is the cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message || ("code" in cause && String(cause.code)) : "";
  return new UnavailableError("unreachable", `No connection to ${endpoint}: ${reason || "it failed"}`, {
    cause: error,
  });
}

async function readBody(response: Response, lengthBytesMax: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > lengthBytesMax) {
      await reader.cancel();
      throw new MalformedError(
        "response_too_large",
        `${response.url} answered with more than ${lengthBytesMax} bytes`,
      );
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
