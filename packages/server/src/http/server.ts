import type { Socket } from "node:net";
import { fastify, LogController, type FastifyRequest, type FastifyServerOptions } from "fastify";
import { AccessPolicy } from "../access/access-policy.ts";
import type { Role } from "../access/role.ts";
import type { TokenStore } from "../access/tokens.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { Api, ApiContext } from "./api.ts";
import { alarmRoutes } from "./alarm-routes.ts";
import { consoleRoutes } from "./console-routes.ts";
import { DOCS_PREFIX, docsRoutes } from "./docs-routes.ts";
import { evidenceRoutes } from "./evidence-routes.ts";
import { entryRoutes } from "./entry-routes.ts";
import { answerOfError, parameterError, sendError } from "./error-answer.ts";
import { RequestError } from "./errors.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import { historyRoutes } from "./history-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { logRoutes } from "./log-routes.ts";
import type { NodeView } from "./node-view.ts";
import { nodesRoutes } from "./nodes-routes.ts";
import { operationsRoutes } from "./operations-routes.ts";
import { statusRoutes } from "./status-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { proofRoutes } from "./proof-routes.ts";
import { NAMED_SCHEMAS } from "./schemas.ts";
import { sessionRoutes } from "./session-routes.ts";
import { sourceRoutes } from "./source-routes.ts";
import { searchRoutes } from "./search-routes.ts";
import { submissionRoutes } from "./submission-routes.ts";
import { tailRoutes } from "./tail-routes.ts";
import { tileRoutes } from "./tile-routes.ts";
import { verificationRoutes } from "./verification-routes.ts";
import { verifierPageRoute } from "./verifier-page-route.ts";

export interface ServerOptions {
  /** The address that the server will listen on. `assertSafeToListen` says whether it may. */
  readonly host: string;
  readonly tokens: TokenStore;
  readonly metrics: Metrics;
  /** Milliseconds since 1970, for times such as `-24h`, and for tokens that expire. */
  readonly nowMs: () => number;
  /** Where lines about requests that failed go, one a request. Without: nowhere. */
  readonly logger?: FastifyServerOptions["logger"];
  readonly limits?: Partial<HttpLimits>;
  /** Where the console was built. In this package's assets unless told. */
  readonly consoleDirectory?: string;
}

const MAX_HEADER_BYTES = 16 * 1024;
const TIMEOUT_CHECK_MS = 5_000;
/** An id of 128 bytes, each percent-encoded. */
const MAX_PARAM_LENGTH = 3 * 128;

/**
 * The HTTP API of a node (docs/operate/http-api.md), not listening yet. Closing it lets requests in flight finish, for a
 * while, and ends the tails; the node may be closed after that.
 */
export async function buildServer(node: NodeView, options: ServerOptions): Promise<Api> {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const access = new AccessPolicy(options.host, options.tokens, options.nowMs);
  const api: Api = fastify({
    logger: options.logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.requestTimeoutMs),
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, useDefaults: false } },
    frameworkErrors: (error, request, reply) =>
      void sendError(error, request, reply.headers(SECURITY_HEADERS)),
    clientErrorHandler: answerClientError,
    schemaErrorFormatter: parameterError,
  });
  api.server.maxConnections = limits.connectionsMax;

  api.removeAllContentTypeParsers();
  api.setErrorHandler(sendError);
  api.setNotFoundHandler((request, reply) => sendError(routeUnknown(request), request, reply));
  guard(api, access);
  readyLogs(api, node);
  observe(api, options.metrics);
  limitClosing(api, limits.closeGraceMs);

  for (const schema of NAMED_SCHEMAS) api.addSchema(schema);
  await docsRoutes(api);
  const context: ApiContext = {
    node,
    metrics: options.metrics,
    limits,
    nowMs: options.nowMs,
    access,
  };
  // In a scope of its own: only submissions have a body.
  await api.register(async (scope) => submissionRoutes(scope, context));
  for (const routes of [
    logRoutes,
    keyRoutes,
    policyRoutes,
    searchRoutes,
    entryRoutes,
    tailRoutes,
    proofRoutes,
    evidenceRoutes,
    tileRoutes,
    sourceRoutes,
    verificationRoutes,
  ]) {
    routes(api, context);
  }
  operationsRoutes(api, context);
  sessionRoutes(api, context);
  await api.register(async (scope) => alarmRoutes(scope, context));
  statusRoutes(api, context);
  historyRoutes(api, context);
  nodesRoutes(api, context);
  verifierPageRoute(api);
  await consoleRoutes(api, options.consoleDirectory);
  return api;
}

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  // A page that opened this one must not lead it elsewhere while somebody reads: to one that asks for a token, too.
  "cross-origin-opener-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
};

/** Decides about each request before anything else looks at it. */
function guard(api: Api, access: AccessPolicy): void {
  api.addHook("onRequest", (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    access.admit(request.headers, roleNeeded(request));
    done();
  });
}

/** Before a request that names a log: other nodes may have made it, or committed to it. */
function readyLogs(api: Api, node: NodeView): void {
  api.addHook("preHandler", async ({ params, method }) => {
    if (node.state !== "ready" || typeof params !== "object" || params === null || !("log" in params)) return;
    if (typeof params.log === "string") await node.prepare(params.log, method === "GET" || method === "HEAD");
  });
}

function roleNeeded({ is404, routeOptions: { url, config } }: FastifyRequest): Role | undefined {
  if (is404 || url === DOCS_PREFIX || url?.startsWith(`${DOCS_PREFIX}/`)) return undefined;
  const role = config.role ?? "admin";
  return role === "anyone" ? undefined : role;
}

function observe(api: Api, metrics: Metrics): void {
  api.addHook("onResponse", (request, reply, done) => {
    metrics.answered({
      method: request.method,
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
    done();
  });
}

/** Closing waits for every connection to end: this ends each one once its request is answered, or after a while. */
function limitClosing(api: Api, graceMs: number): void {
  let closing = false;
  api.addHook("preClose", (done) => {
    closing = true;
    const grace = setTimeout(() => api.server.closeAllConnections(), graceMs);
    api.server.once("close", () => clearTimeout(grace));
    done();
  });
  api.addHook("onResponse", ({ raw }, _reply, done) => {
    if (closing) raw.socket.destroySoon();
    done();
  });
}

function routeUnknown({ method, url }: FastifyRequest): RequestError {
  const path = url.split("?", 1)[0]!.slice(0, 200);
  return new RequestError("route_unknown", `There is no ${method} ${path}. GET /docs shows what there is`);
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** What is not even HTTP gets an answer by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = answerOfError(clientError(error.code));
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function clientError(code = ""): RequestError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new RequestError("headers_too_large", `The headers have more than ${MAX_HEADER_BYTES} bytes`);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new RequestError("request_timeout", "The request did not arrive in time. Send it again");
    default:
      return new RequestError("request_malformed", "The request is not well-formed HTTP");
  }
}
