import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SteleClient } from "@stele/client";
import { startServe, type SteleProcess } from "../../packages/cli/src/testing/stele-process.ts";
import { runLoad } from "../processes.ts";

const SEGMENT_ENTRIES = 262_144;
const EVENTS_PER_REQUEST = 1_000;

/** A node in a process of its own whose log `main` has so many simulated events, sealed as far as they are segments. */
export class FilledNode {
  readonly url: string;
  readonly client: SteleClient;
  readonly #process: SteleProcess;
  /** Removed at the end. */
  readonly #directory: string | undefined;

  private constructor(started: { process: SteleProcess; url: string }, directory: string | undefined) {
    this.#process = started.process;
    this.url = started.url;
    this.client = new SteleClient({ endpoints: [started.url] });
    this.#directory = directory;
  }

  /** @param data a directory that is kept, and only filled up; a temporary one unless told */
  static async start(events: number, data?: string): Promise<FilledNode> {
    const directory = data ?? (await mkdtemp(join(tmpdir(), "stele-bench-")));
    const perSegment = Math.min(SEGMENT_ENTRIES, Math.max(256, Math.floor(events / 4 / 256) * 256));
    const started = await startServe(directory, ["--segment-entries", String(perSegment)]);
    const node = new FilledNode(started, data === undefined ? directory : undefined);
    try {
      await node.#fill(events, perSegment);
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#process.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true });
  }

  async #fill(events: number, perSegment: number): Promise<void> {
    const { treeSize } = await this.client.info();
    const missing = Math.ceil((events - treeSize) / EVENTS_PER_REQUEST) * EVENTS_PER_REQUEST;
    if (missing > 0) {
      await runLoad({
        url: this.url,
        path: "/v1/logs/main/events",
        connections: 4,
        eventsPerRequest: EVENTS_PER_REQUEST,
        events: missing,
        seed: 7,
      });
    }
    for (;;) {
      const { treeSize: size, sealedSize } = await this.client.info();
      const { indexedSize } = await this.client.searchPage("", { pageSize: 1 });
      if (size - sealedSize < perSegment && indexedSize === size) return;
      await sleep(200);
    }
  }
}
