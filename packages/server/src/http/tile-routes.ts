import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { parseTilePath, tileWidth } from "@stele/proof";
import { Type } from "typebox";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import { answers, bytes, LogParameters } from "./schemas.ts";

const compress = promisify(gzip);

/** The log as c2sp.org/tlog-tiles has it: whoever knows that specification can audit it without knowing Stele. */
export function tileRoutes(api: Api, { node, access }: ApiContext): void {
  const config = { role: "reader" } as const;
  const tags = ["tlog-tiles"];

  api.get(
    "/logs/:log/checkpoint",
    {
      config,
      schema: {
        tags,
        operationId: "getCheckpoint",
        summary: "The published checkpoint",
        description:
          "With a policy, the newest signed tree head that a quorum of witnesses cosigned; without one, the committed head.",
        params: LogParameters,
        response: answers(200, "A signed note", bytes("text/plain; charset=utf-8")),
      },
    },
    async (request, reply) => {
      const { note } = findLog(node, request.params.log).published();
      return await reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").send(note);
    },
  );

  api.get(
    "/v1/logs/:log/checkpoint",
    {
      config,
      schema: {
        tags: ["proofs"],
        operationId: "getCommittedHead",
        summary: "The committed head: the newest signed tree head, which no witness has seen",
        params: LogParameters,
        response: answers(200, "A signed note", bytes("text/plain; charset=utf-8")),
      },
    },
    async (request, reply) => {
      const { note } = findLog(node, request.params.log).head();
      return await reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").send(note);
    },
  );

  api.get(
    "/logs/:log/tile/*",
    {
      config,
      schema: {
        tags,
        operationId: "getTile",
        summary: "A hash tile or an entry bundle",
        description:
          "`tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`. Entry bundles are gzipped if that is accepted.",
        params: Type.Object({
          ...LogParameters.properties,
          "*": Type.String({ description: "The rest of the path", examples: ["entries/000.p/7"] }),
        }),
        response: answers(200, "The tile", bytes("application/octet-stream")),
      },
    },
    async (request, reply) => {
      const log = findLog(node, request.params.log);
      const path = `tile/${request.params["*"]}`;
      const { level, index, width } = parseTilePath(path);
      const isBundle = level === "entries";
      const { treeSize } = log.head();
      if (tileWidth(isBundle ? 0 : level, index, treeSize) < width) {
        throw new RequestError("tile_unknown", `The tree of size ${treeSize} has no ${path}`);
      }
      const tile = isBundle ? await log.readBundle(index, width) : await log.readTile(level, index, width);
      const scope = access.tokensRequired ? "private" : "public";
      reply.type("application/octet-stream").header("cache-control", `${scope}, max-age=31536000, immutable`);
      if (!isBundle) return await reply.send(tile);
      reply.header("vary", "accept-encoding");
      if (!acceptsGzip(request.headers["accept-encoding"])) return await reply.send(tile);
      return await reply.header("content-encoding", "gzip").send(await compress(tile));
    },
  );
}

/** RFC 9110 section 12.5.3, as far as it is about gzip. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const codings = String(header ?? "")
    .toLowerCase()
    .split(",")
    .map((coding) => /^\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?$/.exec(coding));
  const named = codings.find((match) => match !== null && match[1] !== "*");
  const chosen = named ?? codings.find((match) => match !== null);
  return chosen !== undefined && chosen !== null && Number(chosen[2] ?? 1) > 0;
}
