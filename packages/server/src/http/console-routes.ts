import { randomBytes } from "node:crypto";
import { NONCE_PLACEHOLDER, readConsole, type ConsoleFile } from "../console-files.ts";
import type { Api } from "./api.ts";

/** The pages of the console: the routes of packages/console/src/app/router.tsx. */
const CONSOLE_PATHS = ["/", "/event/:log/:index", "/live", "/health", "/verify"];
const NONCE_LENGTH_BYTES = 18;
/** The name of a file there changes with its bytes. */
const IMMUTABLE = "public, max-age=31536000, immutable";
/** A worker has the policy of its own file. */
const WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";
const NOT_BUILT =
  "<!doctype html><title>Stele</title><p>This node runs, but its console was not built: <code>npm run build:console</code>, then start it again. The API: <a href=/docs>/docs</a>.";

/**
 * The console, for anyone: it says nothing about what the node holds, and asks for a token if one is needed. It runs scripts
 * of this node only, and asks this node only.
 */
export async function consoleRoutes(api: Api, directory?: string): Promise<void> {
  const built = await readConsole(directory);
  const config = { role: "anyone" } as const;
  for (const path of CONSOLE_PATHS) {
    api.get(path, { config, schema: { hide: true } }, async (_request, reply) => {
      const nonce = randomBytes(NONCE_LENGTH_BYTES).toString("base64");
      reply.type("text/html; charset=utf-8").header("content-security-policy", policy(nonce));
      return await reply.send(built?.index.replaceAll(NONCE_PLACEHOLDER, nonce) ?? NOT_BUILT);
    });
  }
  for (const [path, file] of built?.files ?? []) {
    api.get(path, { config, schema: { hide: true } }, async (request, reply) => {
      const { body, encoding } = encoded(file, request.headers["accept-encoding"]);
      if (encoding !== undefined) reply.header("content-encoding", encoding);
      const caching = path.startsWith("/assets/") ? IMMUTABLE : "no-cache";
      return await reply
        .type(file.mediaType)
        .header("vary", "accept-encoding")
        .header("content-security-policy", WORKER_POLICY)
        .header("cache-control", caching)
        .send(body);
    });
  }
}

/** The nonce is for the styles that the page's library makes while it runs; no script has one. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function encoded(file: ConsoleFile, accepted = ""): { readonly body: Buffer; readonly encoding?: string } {
  const names = new Set(accepted.split(",").map((part) => part.trim()));
  if (file.brotli && names.has("br")) return { body: file.brotli, encoding: "br" };
  if (file.gzip && names.has("gzip")) return { body: file.gzip, encoding: "gzip" };
  return { body: file.bytes };
}
