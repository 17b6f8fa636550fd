import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { SteleClient, type ClientOptions } from "../client.ts";
import { webEnvironment } from "../environment.ts";

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => void | Promise<void>;

/** A real HTTP server on loopback that fails in whatever way its handler chooses. */
export class FaultyNode {
  readonly requests: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] =
    [];
  url = "";
  readonly #server: Server;

  constructor(handlers: readonly Handler[]) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { method = "", url = "", headers } = request;
        const handler = handlers[Math.min(this.requests.length, handlers.length - 1)]!;
        this.requests.push({ method, url, headers, body });
        void handler(request, response, body);
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion
    this.url = `http://127.0.0.1:${port}`;
    return this;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const open: FaultyNode[] = [];
afterEach(() => {
  for (const node of open.splice(0)) node.close();
});

export async function faultyNode(...handlers: Handler[]): Promise<FaultyNode> {
  const node = await new FaultyNode(handlers).listen();
  open.push(node);
  return node;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export const accept: Handler = (_, response, body) => {
  const lines = body.trimEnd().split("\n");
  const receipts = lines.map((line, index) => ({
    index,
    leaf_hash: "00",
    id: /"id":"([^"]*)"/.exec(line)?.[1] ?? "",
    duplicate: false,
  }));
  json(response, 201, { tree_size: lines.length, receipts });
};
export const resetBefore: Handler = (request) => void request.socket.resetAndDestroy();
export const resetAfter: Handler = (request, response) => {
  response.writeHead(201, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"tree_size":1,');
  setTimeout(() => request.socket.resetAndDestroy(), 20);
};
export const hang: Handler = () => undefined;
export const unavailable =
  (retryAfter: string): Handler =>
  (_, response) =>
    json(
      response,
      503,
      { error: { code: "overloaded", message: "The queue is full" } },
      { "retry-after": retryAfter },
    );

export function client(nodes: readonly FaultyNode[], options: Partial<ClientOptions> = {}) {
  const pauses: number[] = [];
  const environment = {
    ...webEnvironment,
    sleep: async (ms: number, signal: AbortSignal) => {
      pauses.push(ms);
      await webEnvironment.sleep(Math.min(ms, 5), signal);
    },
  };
  const stele = new SteleClient({ endpoints: nodes.map(({ url }) => url), environment, ...options });
  return { stele, pauses };
}
