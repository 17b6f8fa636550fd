import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { Api } from "./api.ts";

export const DOCS_PREFIX = "/docs";

/** The page runs scripts and styles of this node only, and asks this node only. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The OpenAPI document of the routes that are declared after this, at `/docs/json`, and a page to read it and try it
 * at `/docs`. It says nothing about what the node holds, so it is for anyone.
 */
export async function docsRoutes(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Stele",
        version: "1",
        description: "An immutable audit log. What each call does: docs/operate/http-api.md",
      },
      tags: [
        { name: "events", description: "Submit, read and follow" },
        { name: "search" },
        { name: "proofs" },
        { name: "tlog-tiles", description: "The log as c2sp.org/tlog-tiles has it" },
        { name: "logs" },
        { name: "operations" },
      ],
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description:
              "“stele token create” makes one. Not needed on a loopback address while there is none.",
          },
        },
      },
      security: [{ token: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) =>
        typeof json.$id === "string" ? json.$id : `def-${i}`,
    },
  });
  await api.register(swaggerUi, { routePrefix: DOCS_PREFIX, staticCSP: CONTENT_SECURITY_POLICY });
}
