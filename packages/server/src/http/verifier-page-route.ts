import { verifierPage } from "../verifier-page.ts";
import type { Api } from "./api.ts";
import { answers, bytes } from "./schemas.ts";

/**
 * The page that verifies evidence in a browser, for anyone: it says nothing about what the node holds. Whoever doesn't
 * trust the node gets the same page by another way.
 */
export function verifierPageRoute(api: Api): void {
  api.get(
    "/verify.html",
    {
      config: { role: "anyone" },
      schema: {
        tags: ["proofs"],
        operationId: "verifierPage",
        summary: "A page that verifies evidence bundles and proofs by itself, off line",
        response: answers(200, "The page", bytes("text/html")),
      },
    },
    async (_request, reply) => {
      const { html, policy } = await verifierPage();
      return await reply
        .type("text/html; charset=utf-8")
        .header("content-security-policy", `${policy}; frame-ancestors 'none'`)
        .send(html);
    },
  );
}
