import { once } from "node:events";
import {
  createServer,
  request,
  Agent,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What is done to one request. */
export type Fault =
  /** The backend does it, and nobody is told: the connection ends. */
  | { readonly kind: "answer_lost" }
  /** The backend is not asked: an S3 error of this status and code. With status 200, the error is in the body alone. */
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly end?: string }
  /** The backend is asked later, whether or not anybody still waits. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** The connection ends after half of the request, of which the backend gets that half. */
  | { readonly kind: "request_cut" }
  /** The connection ends after half of the answer's body. */
  | { readonly kind: "answer_cut" }
  /** The request is read, and nothing ever happens. */
  | { readonly kind: "black_hole" };

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Counts from 0. */
  readonly index: number;
}

/** Decides what is done to a request; undefined: it is passed on as it is. */
export type ChooseFault = (request: SeenRequest) => Fault | undefined;

const BACKEND_TIMEOUT_MS = 60_000;

/** An HTTP proxy in front of a real S3 that lets requests fail in chosen ways. Signatures stay good: Host is kept. */
export class FaultProxy {
  readonly url: URL;
  /** What came in, in order. */
  readonly seen: SeenRequest[] = [];
  /** What is done to the requests from now on. */
  choose: ChooseFault;
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #closed = new AbortController();

  private constructor(server: Server, target: URL, choose: ChooseFault) {
    this.#server = server;
    this.#target = target;
    this.choose = choose;
    this.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (incoming, outgoing) => {
      // A connection that a fault ended, or the end of the proxy itself: whoever asked sees it.
      this.#serve(incoming, outgoing).catch(() => incoming.socket.destroy());
    });
  }

  static async start(target: URL, choose: ChooseFault = () => undefined): Promise<FaultProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultProxy(server, target, choose);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#closed.abort();
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/" } = incoming;
    const seen = { method, path, index: this.seen.length };
    this.seen.push(seen);
    const fault = this.choose(seen);
    const body = await readAll(incoming);
    switch (fault?.kind) {
      case "black_hole":
        return;
      case "error":
        sendError(outgoing, fault);
        return;
      case "request_cut":
        this.#sendHalf(incoming, body);
        incoming.socket.destroy();
        return;
      case "delay":
        await sleep(fault.delayMs, undefined, { signal: this.#closed.signal });
        break;
      case "answer_lost":
      case "answer_cut":
      case undefined:
    }
    const answer = await this.#ask(incoming, body);
    if (fault?.kind === "answer_lost") {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.status, answer.headers);
    if (fault?.kind !== "answer_cut") {
      outgoing.end(answer.body);
      return;
    }
    outgoing.write(answer.body.subarray(0, answer.body.length / 2), () => incoming.socket.destroy());
  }

  async #ask(
    { method, url, rawHeaders }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: string[]; body: Buffer }> {
    const asking = request(this.#target, {
      method,
      path: url,
      headers: rawHeaders,
      agent: this.#agent,
      timeout: BACKEND_TIMEOUT_MS,
      signal: this.#closed.signal,
    });
    asking.once("timeout", () => asking.destroy(new Error("The backend does not answer")));
    asking.end(body);
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    return { status: answer.statusCode!, headers: answer.rawHeaders, body: await readAll(answer) };
  }

  #sendHalf({ method, url, rawHeaders }: IncomingMessage, body: Buffer): void {
    const asking = request(this.#target, { method, path: url, headers: rawHeaders, agent: false });
    asking.on("error", () => asking.destroy());
    asking.write(body.subarray(0, body.length / 2), () => asking.destroy());
  }
}

function sendError(outgoing: ServerResponse, { status, code, end = "" }: Fault & { kind: "error" }): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>A fault</Message></Error>${end}`;
  outgoing.writeHead(status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(body),
  });
  outgoing.end(body);
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
