import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { formatVerifierKey } from "@stele/proof";
import { ORIGIN, TestLog } from "../../packages/proof/src/testing/test-log.ts";

/** What a log shows to the world: tlog-tiles resources by path, and who it says it is. */
export interface Shown {
  readonly resources: Map<string, Uint8Array>;
  vkey: string;
}

/** What an honest log of these entries shows. */
export async function honestlyShown(log: TestLog): Promise<Shown> {
  const resources = log.resources();
  resources.set("checkpoint", await log.signedCheckpoint());
  return { resources, vkey: formatVerifierKey(log.signer.key) };
}

/** A server in the hands of an enemy, who has the log's key and shows whatever he likes. */
export class HostileServer {
  shown: Shown | undefined;
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<HostileServer> {
    const server = createServer((request, response) => {
      const body = answer(hostile.shown, request.url ?? "");
      response.writeHead(body ? 200 : 404).end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const hostile = new HostileServer(server);
    return hostile;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function answer(shown: Shown | undefined, path: string): Uint8Array | string | undefined {
  if (path === "/v1/logs/main") {
    return JSON.stringify({
      name: "main",
      origin: ORIGIN,
      vkey: shown?.vkey,
      tree_size: 0,
      sealed_size: 0,
    });
  }
  if (path === "/v1/logs/main/keys") {
    return JSON.stringify({ origin: ORIGIN, vkey: shown?.vkey, keys: [], statements: [] });
  }
  return shown?.resources.get(path.replace(/^\/logs\/main\//, ""));
}
