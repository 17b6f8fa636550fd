import { MalformedError, SteleError } from "@stele/proof";
import { Answer } from "./answer.ts";
import { randomFraction, type Environment } from "./environment.ts";
import { parseLogEntry, type LogEntry } from "./log-entry.ts";
import { ServerSentEventParser, type ServerSentEvent } from "./server-sent-events.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** A connection on which nothing came for so long, not even a comment, is taken for dead. */
const SILENCE_MS_MAX = 45_000;
/** The longest pause before a connection that ended without bringing anything is opened again. */
const PAUSE_MS_MAX = 5_000;

/** Who shows a tail wants to know more of it than its events. */
export interface TailObserver {
  /** A connection is open: an answer has begun. */
  readonly onOpened?: () => void;
  /** It ended, and another one is opened. The error says why; undefined: the node ended it. */
  readonly onEnded?: (error: unknown) => void;
  /** Up to and with this leaf index, everything that the query finds was given. */
  readonly onReached?: (leafIndex: number) => void;
}

export interface TailOptions extends CallOptions, TailObserver {
  /** The first leaf index; what comes from now on unless told. */
  readonly from?: number;
}

/** See `SteleClient.tail`. */
export async function* followTail(
  transport: Transport,
  path: string,
  environment: Environment,
  options: Omit<TailOptions, "from">,
): AsyncGenerator<LogEntry, void, undefined> {
  let lastId: string | undefined;
  for (let fruitless = 0; ; fruitless++) {
    const life = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, life.signal]) : life.signal;
    if (fruitless > 0) {
      const pauseMs = randomFraction(environment) * Math.min(PAUSE_MS_MAX, 100 * 2 ** fruitless);
      await environment.sleep(pauseMs, signal);
    }
    const headers = lastId === undefined ? {} : { "last-event-id": lastId };
    const request = { method: "GET", path, accept: "text/event-stream", headers } as const;
    const { body } = await transport.open(request, { ...options, signal });
    options.onOpened?.();
    try {
      for await (const { events, lastEventId } of readStream(body, life)) {
        for (const event of events) yield parseEvent(event);
        if (lastEventId !== undefined && lastEventId !== lastId) {
          lastId = lastEventId;
          fruitless = -1; // The next connection is opened at once.
          if (/^\d{1,15}$/.test(lastId)) options.onReached?.(Number(lastId));
        }
      }
      options.onEnded?.(undefined);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof SteleError) throw error;
      // The connection broke: go on behind the last event.
      options.onEnded?.(error);
    } finally {
      life.abort();
    }
  }
}

/** What one connection brings, until it ends. @throws what the stream throws if it breaks or falls silent */
async function* readStream(body: ReadableStream<Uint8Array>, life: AbortController) {
  const parser = new ServerSentEventParser();
  const reader = body.getReader();
  for (;;) {
    const silence = setTimeout(() => life.abort(), SILENCE_MS_MAX);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    yield { events: parser.push(value), lastEventId: parser.lastEventId };
  }
}

function parseEvent(event: ServerSentEvent): LogEntry {
  let parsed: unknown;
  try {
    parsed = JSON.parse(event.data);
  } catch (cause) {
    throw new MalformedError("stream_malformed", "An event of the stream is not JSON", { cause });
  }
  return parseLogEntry(new Answer(parsed, "event"));
}
