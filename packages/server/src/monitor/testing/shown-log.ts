import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { formatTilePath } from "@stele/proof";
import type { TestLog } from "../../../../proof/src/testing/test-log.ts";

/** A plain HTTP server that shows a log as files, and what a test puts in their place. */
export class ShownLog {
  /** By path; in place of what the log has. */
  readonly replaced = new Map<string, Uint8Array | ((response: ServerResponse) => void)>();
  readonly fetched: string[] = [];
  #log: TestLog;
  #treeSize: number;
  #resources: ReadonlyMap<string, Uint8Array>;
  readonly #server: Server;

  private constructor(log: TestLog, treeSize: number) {
    this.#log = log;
    this.#treeSize = treeSize;
    this.#resources = log.resources(treeSize);
    this.#server = createServer((request, response) => {
      void this.#answer(request.url!.slice(1), response);
    });
  }

  static async start(log: TestLog, treeSize = log.treeSize): Promise<ShownLog> {
    const shown = new ShownLog(log, treeSize);
    await new Promise<void>((resolve) => shown.#server.listen(0, "127.0.0.1", resolve));
    return shown;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on it shows so much of this log. */
  show(log: TestLog, treeSize = log.treeSize): void {
    this.#log = log;
    this.#treeSize = treeSize;
    this.#resources = log.resources(treeSize);
  }

  /** What a tile or bundle of the log is. */
  resource(resource: Parameters<typeof formatTilePath>[0]): [path: string, bytes: Uint8Array] {
    const path = formatTilePath(resource);
    return [path, this.#resources.get(path)!];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(path: string, response: ServerResponse): Promise<void> {
    this.fetched.push(path);
    const replaced = this.replaced.get(path);
    if (typeof replaced === "function") return replaced(response);
    const own =
      path === "checkpoint" ? await this.#log.signedCheckpoint(this.#treeSize) : this.#resources.get(path);
    const bytes = replaced ?? own;
    response.writeHead(bytes ? 200 : 404).end(bytes);
  }
}
