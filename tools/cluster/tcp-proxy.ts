import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * A wire that can be cut. While it is, nothing gets through in either direction and nobody is told, as when packets
 * are dropped; connections seem to open, and carry nothing. What was under way arrives once the wire is whole again,
 * as TCP sends it again: so a request may reach the other side long after whoever sent it gave up.
 */
export class TcpProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  /** Connections that were opened while the wire was cut. */
  readonly #waiting = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, target: URL) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#target = target;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** @param target an http URL; only its host and port count */
  static async start(target: string): Promise<TcpProxy> {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, new URL(target));
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  heal(): void {
    this.#cut = false;
    for (const socket of this.#sockets) socket.resume();
    for (const socket of this.#waiting) this.#join(socket);
    this.#waiting.clear();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of [...this.#sockets, ...this.#waiting]) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (!this.#cut) {
      this.#join(socket);
      return;
    }
    this.#waiting.add(socket);
    socket.once("close", () => this.#waiting.delete(socket));
  }

  #join(near: Socket): void {
    const far = connect(Number(this.#target.port), this.#target.hostname);
    far.on("error", () => far.destroy());
    this.#forward(near, far);
    this.#forward(far, near);
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (chunk) => {
      if (to.write(chunk)) return;
      from.pause();
      to.once("drain", () => this.#cut || from.resume());
    });
    from.once("end", () => to.end());
    from.once("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.resume();
  }
}
