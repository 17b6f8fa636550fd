import { SteleError } from "@stele/proof";
import { Type } from "typebox";
import type { Acknowledgement } from "../log/audit-log.ts";
import type { Api, ApiContext } from "./api.ts";
import { BodyIntake, submissionFormat } from "./body-intake.ts";
import { findLog } from "./node-view.ts";
import { answers, Event, Hash, Index, json, LogParameters, reference, Size } from "./schemas.ts";

const Receipt = Type.Object({
  index: Index,
  leaf_hash: Hash,
  id: Type.String(),
  duplicate: Type.Boolean({
    description: "The log has had this id: this is its first receipt, nothing was added",
  }),
});

const Submitted = Type.Object({
  tree_size: Size,
  receipts: Type.Array(Receipt, { description: "One for each event, in the order of the body" }),
});

const schema = {
  operationId: "submitEvents",
  tags: ["events"],
  summary: "Submit events",
  description:
    "One event, a JSON array of events, or NDJSON; plain, gzip or zstd. All of them are added or none. The answer means: durable, in the tree, under a signed checkpoint.",
  params: LogParameters,
  body: {
    content: {
      "application/json": { schema: Type.Union([reference(Event), Type.Array(reference(Event))]) },
      "application/x-ndjson": { schema: Type.String({ description: "An event a line" }) },
    },
  },
  response: answers(201, "The events are durable", json(Submitted)),
};

/** The write path: this adds as little as it can to what `AuditLog.append` does. */
export function submissionRoutes(api: Api, { node, metrics, limits }: ApiContext): void {
  const intake = new BodyIntake(limits);
  // The bytes go to the log as they are: nothing here parses or checks them.
  api.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

  api.post(
    "/v1/logs/:log/events",
    {
      config: { role: "writer" },
      schema,
      validatorCompiler: () => () => true,
      // Before the body is read.
      onRequest: (request, _reply, done) => {
        findLog(node, request.params.log);
        done();
      },
    },
    async (request, reply) => {
      const log = findLog(node, request.params.log);
      try {
        const format = submissionFormat(request.headers);
        const acknowledgement = await intake.use(request.raw, (body) => log.append(body, format));
        return await reply
          .code(201)
          .type("application/json; charset=utf-8")
          .send(formatSubmitted(acknowledgement));
      } catch (error) {
        metrics.rejected(log.name, error instanceof SteleError ? error.code : "internal");
        throw error;
      }
    },
  );
}

const SMALL_BYTES = 16 * 1024;

function formatSubmitted({ treeSize, receiptsJson }: Acknowledgement): string | Buffer {
  const receipts = Buffer.from(receiptsJson.buffer, receiptsJson.byteOffset, receiptsJson.byteLength);
  const before = `{"tree_size":${treeSize},"receipts":`;
  // A short text goes out in one piece with the headers, which halves the cost of the write. Receipts are ASCII.
  if (receipts.length <= SMALL_BYTES) return `${before}${receipts.toString("latin1")}}`;
  return Buffer.concat([Buffer.from(before), receipts, Buffer.from("}")]);
}
