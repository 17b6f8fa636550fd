import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that takes webhooks, or says no. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it answers with; it takes nothing unless that is 2xx. */
  status = 204;
  #server: Server | undefined;
  port = 0;

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        if (this.status < 300) this.received.push({ headers: request.headers, body });
        response.writeHead(this.status, { location: "/elsewhere" }).end();
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  get types(): unknown[] {
    return this.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  }
}

/** The `webhook-signature` that docs/operate/alarms.md asks for. */
export function expectedSignature({ headers, body }: Received, secret: Uint8Array): string {
  const { "webhook-id": id, "webhook-timestamp": timestamp } = headers;
  const signed = `${String(id)}.${String(timestamp)}.${body}`;
  return `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;
}
