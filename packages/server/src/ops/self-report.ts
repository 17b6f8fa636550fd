import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import packageJson from "../../package.json" with { type: "json" };
import type { Clock } from "../log/clock.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { HistoryRange, History } from "./history/history-table.ts";
import { MetricsHistory } from "./history/metrics-history.ts";
import { logsByRank, nodeSamples } from "./history/node-samples.ts";
import type { Sample } from "./history/series.ts";
import type { Metrics } from "./metrics.ts";
import { ownNodeId } from "./nodes/node-id.ts";
import { NodeList, type NodesOfStore } from "./nodes/node-list.ts";
import { PRESENCE_LOGS_MAX, type Presence } from "./nodes/presence.ts";
import { PresenceWriter } from "./nodes/presence-writer.ts";
import type { NodeStatus } from "./status.ts";

export interface SelfReportOptions {
  readonly dataDir: string;
  /** What people call the node. */
  readonly name: string;
  /** Where the nodes of the store say that they are there, if it can have several. */
  readonly nodes: ObjectStore | undefined;
  readonly status: () => NodeStatus;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Told of what does not work. The node goes on without. */
  readonly onFailure: (what: string, error: unknown) => void;
}

type LoopDelay = ReturnType<typeof monitorEventLoopDelay>;

const LOOP_RESOLUTION_MS = 20;

/** What a node tells of itself beyond the moment: its figures over time, and to the other nodes of its store that it is there. */
export class SelfReport {
  readonly #options: SelfReportOptions;
  readonly #id: string;
  readonly #loopDelay: LoopDelay;
  readonly #history: MetricsHistory;
  readonly #list: NodeList;
  readonly #writer: PresenceWriter | undefined;

  private constructor(options: SelfReportOptions, id: string, loopDelay: LoopDelay, history: MetricsHistory) {
    this.#options = options;
    this.#id = id;
    this.#loopDelay = loopDelay;
    this.#history = history;
    const { nodes: objects, clock } = options;
    const presence = (): Presence => this.#presence();
    this.#list = new NodeList({
      objects,
      presence,
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
    });
    this.#writer = objects && new PresenceWriter({ objects, presence, clock });
  }

  /** A history that can't be read is begun anew. @throws what the file system does, if the directory can't be written to */
  static async open(options: SelfReportOptions): Promise<SelfReport> {
    const { dataDir, clock, onFailure } = options;
    const id = await ownNodeId(join(dataDir, "node-id"), () => randomBytes(8));
    const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    const history = await MetricsHistory.open({
      path: join(dataDir, "history"),
      sample: () => samples(options, loopDelay),
      nowMs: () => clock.nowMs(),
      onFailure,
    });
    return new SelfReport(options, id, loopDelay, history);
  }

  start(): void {
    this.#loopDelay.enable();
    this.#history.start();
    this.#writer?.start();
  }

  /** What an operator should know, in words. */
  get remarks(): readonly string[] {
    const failure = this.#writer?.failure;
    return failure === undefined ? [] : [`other nodes do not see that this one is there: ${failure}`];
  }

  history(range: HistoryRange, log?: string): History {
    return this.#history.read(range, log);
  }

  async nodes(): Promise<NodesOfStore> {
    return await this.#list.get();
  }

  async close(): Promise<void> {
    this.#loopDelay.disable();
    await this.#writer?.close();
    await this.#history.close();
  }

  #presence(): Presence {
    const { name, status, metrics, clock } = this.#options;
    const { state, startedMs, logs } = status();
    return {
      id: this.#id,
      name,
      version: packageJson.version,
      startedMs,
      saidMs: Math.floor(clock.nowMs()),
      state,
      logs: logsByRank(logs)
        .slice(0, PRESENCE_LOGS_MAX)
        .map((log) => ({ name: log.name, treeSize: log.treeSize, writable: log.writable.ok })),
      eventsPerSecond: metrics.eventsPerSecond,
    };
  }
}

function samples({ status, metrics }: SelfReportOptions, loopDelay: LoopDelay): Sample[] {
  // It measures from one of its timers to the next.
  const delayMs = loopDelay.count > 0 ? loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS : NaN;
  loopDelay.reset();
  return nodeSamples(status(), metrics.requests.take(), {
    residentBytes: process.memoryUsage.rss(),
    eventLoopDelaySeconds: Math.max(0, delayMs) / 1000,
    tails: metrics.tailCount,
  });
}
