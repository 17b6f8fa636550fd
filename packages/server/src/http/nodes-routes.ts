import { Type } from "typebox";
import type { Api, ApiContext } from "./api.ts";
import { answers, json, Size } from "./schemas.ts";

const Time = Type.String({ format: "date-time" });

const Nodes = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      version: Type.String(),
      started_at: Time,
      seen_at: Type.String({ format: "date-time", description: "When it said this, by its own clock" }),
      age_seconds: Type.Number({
        minimum: 0,
        description: "How long ago that was, or how far its clock is ahead of this node's",
      }),
      state: Type.Enum(["starting", "ready", "stopping"]),
      self: Type.Boolean({ description: "Whether it is the node that answers" }),
      logs: Type.Array(Type.Object({ name: Type.String(), tree_size: Size, writable: Type.Boolean() }), {
        description: "100 at most, main first",
      }),
      events_per_second: Type.Number({
        minimum: 0,
        description: "What this node committed, over ten seconds",
      }),
    }),
    { description: "The node that answers first, then the others by name" },
  ),
  reason: Type.Optional(
    Type.String({ description: "Why the others are not shown as they are now: the store can't be read" }),
  ),
});

/** The nodes of the store. */
export function nodesRoutes(api: Api, { node }: ApiContext): void {
  api.get(
    "/v1/nodes",
    {
      config: { role: "reader" },
      schema: {
        tags: ["operations"],
        operationId: "listNodes",
        summary: "The nodes of the store, as each last said",
        description:
          "Nodes never talk to each other: each says in the store every 30 s that it is there, and takes it back when it stops. Who has said nothing for a day is forgotten. It is for people: whoever can write to the store can say anything there.",
        response: answers(200, "The nodes", json(Nodes)),
      },
    },
    async () => {
      const { nodes, failure } = await node.nodes();
      return {
        nodes: nodes.map((one) => ({
          id: one.id,
          name: one.name,
          version: one.version,
          started_at: new Date(one.startedMs).toISOString(),
          seen_at: new Date(one.saidMs).toISOString(),
          age_seconds: one.ageMs / 1000,
          state: one.state,
          self: one.isSelf,
          logs: one.logs.map(({ name, treeSize, writable }) => ({ name, tree_size: treeSize, writable })),
          events_per_second: one.eventsPerSecond,
        })),
        ...(failure !== undefined && { reason: failure }),
      };
    },
  );
}
