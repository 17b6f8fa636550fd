import { encodeBase64, leafHash } from "@stele/proof";
import { Type } from "typebox";
import type { AuditLog } from "../log/audit-log.ts";
import { nativeHasher } from "../log/native-hasher.ts";
import { eventState } from "../publish/event-state.ts";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import {
  answers,
  Entry,
  EventStateName,
  Hash,
  Index,
  json,
  LogParameters,
  reference,
  Size,
} from "./schemas.ts";

const FoundEntry = Type.Object({
  index: Index,
  leaf_hash: Hash,
  state: EventStateName,
  entry: reference(Entry),
  entry_bytes: Type.Optional(Type.String({ description: "The exact bytes of the entry, in base64" })),
  proof: Type.Optional(
    Type.Object({
      leaf_index: Index,
      tree_size: Size,
      hashes: Type.Array(Hash, { description: "RFC 6962 section 2.1.1, from the leaf's sibling up" }),
      checkpoint: Type.String({
        description:
          "The signed note of the tree that the proof is in: the published checkpoint, if it covers the entry",
      }),
    }),
  ),
});

/** One entry, with what proves it. Read from the log itself, so it is there as soon as its commit is. */
export function entryRoutes(api: Api, { node }: ApiContext): void {
  api.get(
    "/v1/logs/:log/events/:key",
    {
      config: { role: "reader" },
      schema: {
        tags: ["events"],
        operationId: "getEvent",
        summary: "One entry, by leaf index or by id",
        params: Type.Object({
          ...LogParameters.properties,
          key: Type.String({
            description:
              "Digits only: the leaf index. Anything else: an id (a recent one is found once it is indexed)",
          }),
        }),
        querystring: Type.Object(
          {
            proof: Type.Optional(
              Type.Enum(["0", "1"], { description: "1: with the proof that the log has it" }),
            ),
          },
          { additionalProperties: false },
        ),
        response: answers(200, "The entry", json(FoundEntry)),
      },
    },
    async (request, reply) => {
      const log = findLog(node, request.params.log);
      const { key } = request.params;
      const index = /^\d+$/.test(key) ? Number(key) : await log.search.findById(key);
      const head = log.head();
      if (index === undefined || index >= head.treeSize) {
        throw new RequestError(
          "entry_unknown",
          `The log ${log.name} of ${head.treeSize} entries has none at ${JSON.stringify(key)}`,
        );
      }
      const [entry] = await log.readEntries(index, index + 1);
      const fields = {
        index,
        leaf_hash: encodeBase64(leafHash(entry!, nativeHasher)),
        state: eventState(index, log.stateSizes()),
      };
      const extra = request.query.proof === "1" ? await proofOf(log, index, entry!) : {};
      reply.type("application/json; charset=utf-8");
      return await reply.send(withEntry(fields, entry!, extra));
    },
  );
}

async function proofOf(log: AuditLog, index: number, entry: Uint8Array): Promise<object> {
  const published = log.published();
  const { treeSize, note } = index < published.treeSize ? published : log.head();
  const hashes = await log.proveInclusion(index, treeSize);
  return {
    entry_bytes: Buffer.from(entry).toString("base64"),
    proof: {
      leaf_index: index,
      tree_size: treeSize,
      hashes: hashes.map(encodeBase64),
      checkpoint: Buffer.from(note).toString(),
    },
  };
}

/** A JSON object of `fields`, then `entry` as its exact bytes, then `extra`. */
function withEntry(fields: object, entry: Uint8Array, extra: object): Buffer {
  const before = `${JSON.stringify(fields).slice(0, -1)},"entry":`;
  const after = JSON.stringify(extra).slice(1);
  return Buffer.concat([Buffer.from(before), entry, Buffer.from(after === "}" ? after : `,${after}`)]);
}
