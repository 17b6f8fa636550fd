import { hash } from "node:crypto";
import { formatVerifierKey } from "@stele/proof";
import {
  DEFAULT_EVENT_LIMITS,
  EventNormalizer,
  LogIdentity,
  LogSecret,
  objectStatements,
  recoverShared,
  SecretKeys,
  type IdHashSeed,
  type ObjectStore,
  type Vault,
} from "@stele/server/protocol";
import { noFaults } from "./faults.ts";
import { History } from "./history.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./scheduler.ts";
import { SimNode, type DiskLoss } from "./sim-node.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimObjects, SimStore, SimVault } from "./sim-store.ts";
import type { Trace } from "./trace.ts";
import { Wire, type Latency } from "./wire.ts";

/** How the nodes of a world are set up. */
export interface Settings {
  readonly nodes: number;
  readonly trimDelayMs: number;
  readonly segmentEntries: number;
  readonly sealAfterMs: number;
  readonly commitTimeoutMs: number;
}

/** What a planted bug puts in the place of a part of the node. */
export interface Bug {
  readonly name: string;
  readonly recover?: typeof recoverShared;
  readonly identity?: (identity: LogIdentity) => LogIdentity;
}

export interface WorldOptions {
  readonly seed: string;
  readonly trace: Trace;
  readonly settings: Settings;
  readonly latency: Latency;
  readonly bug?: Bug;
}

const ORIGIN = "sim.example/log";
const SECRET = hash("sha256", "the secret of simulated nodes", "base64");
const KEYS = new SecretKeys(LogSecret.parse(`stele-secret-v1 ${SECRET}\n`, "sim"), "sim");
const FIRST_VKEY = formatVerifierKey((await KEYS.next(ORIGIN, [])).key);

/** Nodes, their store, and the one who knows what really happened. */
export class World {
  readonly prng: Prng;
  readonly scheduler: Scheduler;
  readonly settings: Settings;
  readonly store: SimStore;
  readonly history: History;
  readonly wire: Wire;
  readonly nodes: readonly SimNode[];
  readonly idHashSeed: IdHashSeed;
  readonly normalizer: EventNormalizer;
  readonly recover: typeof recoverShared;
  readonly #bug: Bug | undefined;
  /** Nothing befalls it any more. */
  isHealed = false;
  /** After how long a node that died by a fault of a call is started again. */
  restartMs = (): number => 1_000;
  diskLoss = (): DiskLoss => "kept";

  constructor({ seed, trace, settings, latency, bug }: WorldOptions) {
    this.prng = new Prng(seed);
    this.settings = settings;
    this.scheduler = new Scheduler(this.prng, trace);
    this.history = new History(
      FIRST_VKEY,
      () => this.store,
      (violation) => this.scheduler.fail(violation),
    );
    this.store = new SimStore(this.history);
    this.wire = new Wire(this.scheduler, noFaults, latency, (process) => this.#died(process));
    this.idHashSeed = { k0: this.prng.integer(0, 2 ** 32 - 1), k1: this.prng.integer(0, 2 ** 32 - 1) };
    this.normalizer = new EventNormalizer({
      limits: DEFAULT_EVENT_LIMITS,
      idHashSeed: this.idHashSeed,
      fillRandom: (into) => this.prng.fill(into),
    });
    this.#bug = bug;
    this.recover = bug?.recover ?? recoverShared;
    this.nodes = Array.from({ length: settings.nodes }, (_, i) => new SimNode(`n${i + 1}`, this));
  }

  storesOf(process: SimProcess, files: Map<string, Buffer>): { objects: ObjectStore; vault: Vault } {
    return {
      objects: new SimObjects(this.store, this.wire, process),
      vault: new SimVault(this.store, this.wire, process, files),
    };
  }

  /** What one process knows of the log's keys. */
  identityAt(objects: ObjectStore): LogIdentity {
    const identity = new LogIdentity({
      origin: ORIGIN,
      createdAt: "2026-01-01T00:00:00.000Z",
      firstVkey: FIRST_VKEY,
      statements: objectStatements(objects),
      sources: [KEYS],
    });
    return this.#bug?.identity?.(identity) ?? identity;
  }

  #died(process: SimProcess): void {
    const node = this.nodes.find((candidate) => candidate.process === process);
    if (!node || process.state === "dead") return;
    node.crash(this.diskLoss());
    this.scheduler.after(this.restartMs(), "", () => node.start());
  }
}
