import { UnavailableError } from "@stele/proof";
import { queryFromParameters, type QueryParameters } from "@stele/query";
import { Type } from "typebox";
import { collectEvidence, type EvidenceLimits } from "../evidence/collect-evidence.ts";
import type { Api, ApiContext } from "./api.ts";
import { findLog } from "./node-view.ts";
import { FILTERS } from "./query-parameters.ts";
import { answers, bytes, LogParameters } from "./schemas.ts";

/** At one time: each takes memory for all of its entries. */
const EXPORTS_MAX = 2;
const ENTRIES_MAX = 50_000;
const LENGTH_MAX = 32 << 20;
/** Below the time after which an idle connection is closed. */
const SEARCH_TIME_MS_MAX = 45_000;
const WITNESS_WAIT_MS_MAX = 3_000;

/** Evidence bundles (docs/spec/evidence.md): for those who need not ask this node again. */
export function evidenceRoutes(api: Api, { node, access, limits, nowMs }: ApiContext): void {
  let exporting = 0;
  const evidenceLimits: EvidenceLimits = {
    entriesMax: ENTRIES_MAX,
    lengthMax: LENGTH_MAX,
    searchTimeMsMax: SEARCH_TIME_MS_MAX,
    indexWaitMsMax: limits.indexWaitMsMax,
    witnessWaitMsMax: WITNESS_WAIT_MS_MAX,
  };

  api.get(
    "/v1/logs/:log/evidence",
    {
      config: { role: "reader" },
      exposeHeadRoute: false,
      schema: {
        tags: ["proofs"],
        operationId: "exportEvidence",
        summary: "The entries that match, with what proves them, in one file",
        description:
          "A .stele-evidence file: gzip of JSON, as docs/spec/evidence.md has it. “stele verify” and the page /verify.html check it off line.",
        params: LogParameters,
        querystring: Type.Object({
          limit: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: ENTRIES_MAX,
              description: "Only the first so many; the file says that there were more",
            }),
          ),
          ...FILTERS,
        }),
        response: answers(200, "The file", bytes("application/gzip")),
      },
    },
    async (request, reply) => {
      const log = findLog(node, request.params.log);
      const { limit, ...filters } = request.query;
      const now = nowMs();
      const query = queryFromParameters(filters, { nowMs: now });
      if (exporting >= EXPORTS_MAX) {
        throw new UnavailableError("exports_too_many", `This node exports ${exporting} bundles already`);
      }
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      exporting++;
      try {
        const file = await collectEvidence(
          log,
          {
            query,
            queryText: textOf(filters),
            by: access.admit(request.headers, "reader")?.name,
            nowMs: now,
            ...(limit !== undefined && { limit }),
          },
          evidenceLimits,
          gone.signal,
        );
        return await reply
          .type("application/gzip")
          .header("content-disposition", `attachment; filename="${log.name}-${file.treeSize}.stele-evidence"`)
          .send(file.bytes);
      } finally {
        exporting--;
      }
    },
  );
}

/** The parameters of a query as one text, for people. */
function textOf(filters: QueryParameters): string {
  const parts = Object.entries(filters).flatMap(([name, given]) =>
    (typeof given === "string" ? [given] : (given ?? [])).map((value) =>
      name === "q" ? value : `${name}:${value}`,
    ),
  );
  return parts.join(" ");
}
