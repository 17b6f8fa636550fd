import type { Answer } from "./answer.ts";

/** What a node says of a request's token: `GET /v1/session`. */
export interface Session {
  /** Whether other calls need a token. */
  readonly tokenRequired: boolean;
  /** The one that the client sends; undefined if it sends none, or the node needs none. */
  readonly token:
    | {
        readonly name: string;
        /** `writer`, `reader` or `admin`. */
        readonly role: string;
        /** RFC 3339; undefined: never. */
        readonly expiresAt: string | undefined;
      }
    | undefined;
}

/** @throws MalformedError `response_malformed` */
export function parseSession(answer: Answer): Session {
  const token = answer.has("token") ? answer.field("token") : undefined;
  return {
    tokenRequired: answer.field("token_required").boolean(),
    token: token && {
      name: token.field("name").string(),
      role: token.field("role").string(),
      expiresAt: token.has("expires_at") ? token.field("expires_at").string() : undefined,
    },
  };
}
