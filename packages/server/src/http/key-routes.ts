import { newestKey, type LogKeys } from "@stele/proof";
import { Type, type Static } from "typebox";
import type { Api, ApiContext } from "./api.ts";
import { findLog } from "./node-view.ts";
import { answers, json, LogParameters, Size } from "./schemas.ts";

const Vkey = Type.String({ minLength: 1, maxLength: 1024, description: "A C2SP verifier key" });

const Keys = Type.Object({
  origin: Type.String(),
  vkey: Type.String({ description: "The newest key: what verifiers are to be given" }),
  keys: Type.Array(
    Type.Object({
      vkey: Type.String(),
      from_size: Size,
      to_size: Type.Optional(Size),
      retired: Type.Boolean(),
    }),
    { description: "Oldest first, with the tree sizes that each may sign" },
  ),
  statements: Type.Array(Type.String(), {
    description: "The signed notes that all this follows from (docs/spec/keys.md), in order",
  }),
});

/** Which keys a log has, and changing them. */
export function keyRoutes(api: Api, { node }: ApiContext): void {
  const schema = { tags: ["logs"], params: LogParameters };

  api.get(
    "/v1/logs/:log/keys",
    {
      config: { role: "reader" },
      schema: {
        ...schema,
        operationId: "getKeys",
        summary: "The keys of a log, and the signed statements that declare them",
        response: answers(200, "The keys", json(Keys)),
      },
    },
    (request) => keysOf(findLog(node, request.params.log).keys()),
  );

  api.post("/v1/logs/:log/key/rotate", {
    config: { role: "admin" },
    schema: {
      ...schema,
      operationId: "rotateKey",
      summary: "Make a new key for a log",
      description:
        "`current` is the newest key until now, so that asking twice does not rotate twice. From then on both sign, until the old one is retired.",
      querystring: Type.Object({ current: Vkey }, { additionalProperties: false }),
      response: answers(200, "The keys", json(Keys)),
    },
    handler: async (request) =>
      keysOf(await findLog(node, request.params.log).rotateKey(request.query.current)),
  });

  api.post("/v1/logs/:log/key/retire", {
    config: { role: "admin" },
    schema: {
      ...schema,
      operationId: "retireKey",
      summary: "End the use of a key that was replaced",
      description: "Answers 409 until a commit is signed with the newest key.",
      querystring: Type.Object({ vkey: Vkey }, { additionalProperties: false }),
      response: answers(200, "The keys", json(Keys)),
    },
    handler: async (request) => keysOf(await findLog(node, request.params.log).retireKey(request.query.vkey)),
  });
}

function keysOf(keys: LogKeys): Static<typeof Keys> {
  return {
    origin: keys.origin,
    vkey: newestKey(keys).vkey,
    keys: keys.keys.map(({ vkey, fromSize, toSize }) => {
      const retired = toSize !== Number.MAX_SAFE_INTEGER;
      return { vkey, from_size: fromSize, ...(retired && { to_size: toSize }), retired };
    }),
    statements: keys.statements.map((statement) => Buffer.from(statement).toString()),
  };
}
