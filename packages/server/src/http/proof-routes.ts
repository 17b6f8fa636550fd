import { encodeBase64 } from "@stele/proof";
import { Type } from "typebox";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import { answers, Hash, Index, json, LogParameters, Size } from "./schemas.ts";

/** RFC 6962 proofs between trees of any size that the log has had. */
export function proofRoutes(api: Api, { node }: ApiContext): void {
  const schema = { tags: ["proofs"], params: LogParameters };

  api.get("/v1/logs/:log/proof/inclusion", {
    config: { role: "reader" },
    schema: {
      ...schema,
      operationId: "proveInclusion",
      summary: "Prove that an entry is in the log",
      description: "RFC 6962 section 2.1.1, from the leaf's sibling up.",
      querystring: Type.Object({ index: Index, size: Type.Optional(Size) }, { additionalProperties: false }),
      response: answers(
        200,
        "The proof",
        json(Type.Object({ leaf_index: Index, tree_size: Size, hashes: Type.Array(Hash) })),
      ),
    },
    handler: async (request) => {
      const log = findLog(node, request.params.log);
      const { index, size = log.head().treeSize } = request.query;
      if (index >= size) {
        throw new RequestError("index_out_of_range", `A tree of size ${size} has no leaf ${index}`);
      }
      const hashes = await log.proveInclusion(index, size);
      return { leaf_index: index, tree_size: size, hashes: hashes.map(encodeBase64) };
    },
  });

  api.get("/v1/logs/:log/proof/consistency", {
    config: { role: "reader" },
    schema: {
      ...schema,
      operationId: "proveConsistency",
      summary: "Prove that a later tree extends an earlier one",
      description: "RFC 6962 section 2.1.2.",
      querystring: Type.Object({ from: Size, to: Type.Optional(Size) }, { additionalProperties: false }),
      response: answers(
        200,
        "The proof",
        json(Type.Object({ from: Size, to: Size, hashes: Type.Array(Hash) })),
      ),
    },
    handler: async (request) => {
      const log = findLog(node, request.params.log);
      const { from, to = log.head().treeSize } = request.query;
      const hashes = await log.proveConsistency(from, to);
      return { from, to, hashes: hashes.map(encodeBase64) };
    },
  });
}
