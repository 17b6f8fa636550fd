import { expect, test } from "vitest";
import { client, faultyNode, json } from "./testing/faulty-node.ts";

test("a session says whether a token is needed, and whose it is", async () => {
  const expires_at = "2027-01-01T00:00:00.000Z";
  const node = await faultyNode(
    (_, response) => json(response, 200, { token_required: true }),
    (_, response) =>
      json(response, 200, { token_required: true, token: { name: "ops", role: "admin", expires_at } }),
    (_, response) =>
      json(response, 401, { error: { code: "token_expired", message: "The token ops expired at …" } }),
    (_, response) => json(response, 200, { token_required: true, token: { name: "ops" } }),
  );
  const { stele } = client([node]);
  expect(await stele.session()).toEqual({ tokenRequired: true, token: undefined });
  expect(await stele.session()).toEqual({
    tokenRequired: true,
    token: { name: "ops", role: "admin", expiresAt: expires_at },
  });
  await expect(stele.session()).rejects.toMatchObject({ code: "token_expired", status: 401 });
  await expect(stele.session()).rejects.toMatchObject({ code: "response_malformed" });
  expect(node.requests[0]).toMatchObject({ method: "GET", url: "/v1/session" });
});
