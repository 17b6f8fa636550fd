import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { AccessPolicy } from "../access/access-policy.ts";
import type { Role } from "../access/role.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { HttpLimits } from "./limits.ts";
import type { NodeView } from "./node-view.ts";

/** The server as the routes see it. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes work with. */
export interface ApiContext {
  readonly node: NodeView;
  readonly metrics: Metrics;
  readonly limits: HttpLimits;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly access: AccessPolicy;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route where tokens are required. Not given: admins. */
    role?: Role | "anyone";
  }
}
