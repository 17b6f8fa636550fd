import { Type } from "typebox";
import { ROLES } from "../access/role.ts";
import type { Api, ApiContext } from "./api.ts";
import { answers, json } from "./schemas.ts";

const Session = Type.Object({
  token_required: Type.Boolean({ description: "Whether other requests need a token" }),
  token: Type.Optional(
    Type.Object(
      {
        name: Type.String(),
        role: Type.Enum([...ROLES]),
        expires_at: Type.Optional(
          Type.String({ format: "date-time", description: "It is refused from then on; absent: never" }),
        ),
      },
      { description: "The one that the request carries; absent if it carries none, or the node needs none" },
    ),
  ),
});

/** What a page has to know before it shows anything: whether it needs a token, and what the one that it has is good for. */
export function sessionRoutes(api: Api, { access }: ApiContext): void {
  api.get(
    "/v1/session",
    {
      config: { role: "anyone" },
      schema: {
        tags: ["operations"],
        operationId: "getSession",
        summary: "Whether a token is needed, and whose this one is",
        description: "401 `token_unknown`, `token_expired` for a token that is not good.",
        security: [],
        response: answers(200, "The session", json(Session)),
      },
    },
    (request) => {
      const token = access.identify(request.headers);
      return {
        token_required: access.tokensRequired,
        ...(token && {
          token: {
            name: token.name,
            role: token.role,
            ...(token.expires_at !== undefined && { expires_at: token.expires_at }),
          },
        }),
      };
    },
  );
}
