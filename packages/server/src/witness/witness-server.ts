import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ADD_CHECKPOINT_LENGTH_BYTES_MAX, SteleError, UnavailableError } from "@stele/proof";
import { RateLimitedError, RefusedError, SizeConflictError, WITNESS_ERRORS } from "./errors.ts";
import type { WitnessMetrics } from "./witness-metrics.ts";
import type { Witness } from "./witness.ts";

export interface WitnessServerOptions {
  /** Whether `GET /metrics` is answered: everybody who reaches the server may ask. */
  readonly showsMetrics: boolean;
  /** Faults of the witness's own. */
  readonly onFault?: (error: unknown) => void;
}

const CONNECTIONS_MAX = 1024;
const REQUEST_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 8 * 1024;
const TEXT = "text/plain; charset=utf-8";
/** c2sp.org/tlog-witness: the answer that names the size. */
const SIZE_TYPE = "text/x.tlog.size";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
  readonly code: string;
  readonly retryAfterMs?: number;
}

interface Route {
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  answer(request: IncomingMessage, parameter: string): Promise<Answer>;
}

/** The HTTP API of a witness (docs/operate/witness-server.md), not listening yet. */
export function buildWitnessServer(
  witness: Witness,
  metrics: WitnessMetrics,
  { showsMetrics, onFault }: WitnessServerOptions,
): Server {
  const routes: Route[] = [
    {
      name: "/add-checkpoint",
      method: "POST",
      path: /^\/add-checkpoint$/,
      answer: async (request) => ok(TEXT, await witness.addCheckpoint(await readBody(request))),
    },
    {
      name: "/:origin/checkpoint",
      method: "GET",
      path: /^\/([0-9a-f]{64})\/checkpoint$/,
      answer: async (_, hash) => ok(TEXT, witness.latest(hash)),
    },
    { name: "/healthz", method: "GET", path: /^\/healthz$/, answer: async () => ok(TEXT, "ok\n") },
  ];
  if (showsMetrics) {
    const answer = async () => {
      const { contentType, text } = await metrics.render();
      return ok(contentType, text);
    };
    routes.push({ name: "/metrics", method: "GET", path: /^\/metrics$/, answer });
  }

  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      const startedMs = performance.now();
      const path = request.url!.split("?", 1)[0]!;
      const route = routes.find((one) => one.method === request.method && one.path.test(path));
      void answerRequest(route, request, path, onFault).then((answer) => {
        send(response, answer);
        metrics.answered(route?.name ?? "none", answer.code, (performance.now() - startedMs) / 1000);
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  // A connection on which no byte moves: a client that does not read, for one.
  server.timeout = 2 * IDLE_TIMEOUT_MS;
  return server;
}

/** Never rejects. */
async function answerRequest(
  route: Route | undefined,
  request: IncomingMessage,
  path: string,
  onFault: ((error: unknown) => void) | undefined,
): Promise<Answer> {
  try {
    if (!route)
      throw new RefusedError("route_unknown", `There is no ${request.method} ${path.slice(0, 200)}`);
    return await route.answer(request, route.path.exec(path)?.[1] ?? "");
  } catch (error) {
    const answer = answerOf(error);
    if (answer.status >= 500) onFault?.(error);
    return answer;
  } finally {
    request.resume(); // what is left of a body that nobody reads
  }
}

function ok(type: string, body: Uint8Array | string): Answer {
  return { status: 200, type, body, code: "ok" };
}

function answerOf(error: unknown): Answer {
  if (error instanceof SizeConflictError) {
    return { status: 409, type: SIZE_TYPE, body: `${error.treeSize}\n`, code: error.code };
  }
  const known = error instanceof SteleError && Object.hasOwn(WITNESS_ERRORS, error.code);
  if (!known) return errorAnswer(500, "internal", "The witness failed at this request. Its own log says why");
  const [status] = WITNESS_ERRORS[error.code as keyof typeof WITNESS_ERRORS];
  const answer = errorAnswer(status, error.code, error.message);
  if (error instanceof RateLimitedError) return { ...answer, retryAfterMs: error.retryAfterMs };
  if (error instanceof UnavailableError) return { ...answer, retryAfterMs: error.retryAfterMs ?? 1_000 };
  return answer;
}

function errorAnswer(status: number, code: string, message: string): Answer {
  return {
    status,
    type: "application/json; charset=utf-8",
    body: JSON.stringify({ error: { code, message } }),
    code,
  };
}

function send(response: ServerResponse, { status, type, body, retryAfterMs }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(retryAfterMs !== undefined && { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }),
  });
  response.end(body);
}

/** @throws RefusedError `body_too_large`, `request_incomplete` */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let lengthBytes = Number(request.headers["content-length"] ?? 0);
  const check = (): void => {
    if (lengthBytes <= ADD_CHECKPOINT_LENGTH_BYTES_MAX) return;
    throw new RefusedError(
      "body_too_large",
      `The body has more than ${ADD_CHECKPOINT_LENGTH_BYTES_MAX} bytes`,
    );
  };
  check();
  lengthBytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      lengthBytes += chunk.length;
      check();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof SteleError) throw cause;
    throw new RefusedError("request_incomplete", "The connection ended before the body did", { cause });
  }
  return Buffer.concat(chunks);
}
