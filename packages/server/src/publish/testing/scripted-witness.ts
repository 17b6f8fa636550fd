import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A counterpart that answers as a test says, and notes what it was asked. */
export class ScriptedWitness {
  readonly url: string;
  /** Of the requests, in order. */
  readonly bodies: Buffer[] = [];
  script: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
    this.script = (_, response) => void response.writeHead(500).end();
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => void pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces);
        this.bodies.push(body);
        this.script(request, response, body);
      });
    });
  }

  static async start(): Promise<ScriptedWitness> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedWitness(server);
  }

  /** Answers so from now on. */
  answer(status: number, body: string | Uint8Array = "", headers: Record<string, string> = {}): void {
    this.script = (_, response) => void response.writeHead(status, headers).end(body);
  }

  /** Says from now on that it has cosigned so much. */
  answerSize(treeSize: number): void {
    this.answer(409, `${treeSize}\n`, { "content-type": "text/x.tlog.size" });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
