import { createPrivateKey, hash } from "node:crypto";
import {
  DEFAULT_EVENT_LIMITS,
  EventNormalizer,
  identityOf,
  recoverShared,
  type IdHashSeed,
  type LogIdentity,
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
  readonly recover: typeof recoverShared;
}

export interface WorldOptions {
  readonly seed: string;
  readonly trace: Trace;
  readonly settings: Settings;
  readonly latency: Latency;
  readonly bug?: Bug;
}

const ORIGIN = "sim.example/log";
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** Nodes, their store, and the one who knows what really happened. */
export class World {
  readonly prng: Prng;
  readonly scheduler: Scheduler;
  readonly settings: Settings;
  readonly store: SimStore;
  readonly history: History;
  readonly wire: Wire;
  readonly nodes: readonly SimNode[];
  readonly identity: LogIdentity;
  readonly idHashSeed: IdHashSeed;
  readonly normalizer: EventNormalizer;
  readonly recover: typeof recoverShared;
  /** Nothing befalls it any more. */
  isHealed = false;
  /** After how long a node that died by a fault of a call is started again. */
  restartMs = (): number => 1_000;
  diskLoss = (): DiskLoss => "kept";

  constructor({ seed, trace, settings, latency, bug }: WorldOptions) {
    this.prng = new Prng(seed);
    this.settings = settings;
    this.scheduler = new Scheduler(this.prng, trace);
    this.identity = fixedIdentity();
    this.history = new History(
      this.identity,
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
    this.recover = bug?.recover ?? recoverShared;
    this.nodes = Array.from({ length: settings.nodes }, (_, i) => new SimNode(`n${i + 1}`, this));
  }

  storesOf(process: SimProcess, files: Map<string, Buffer>): { objects: ObjectStore; vault: Vault } {
    return {
      objects: new SimObjects(this.store, this.wire, process),
      vault: new SimVault(this.store, this.wire, process, files),
    };
  }

  #died(process: SimProcess): void {
    const node = this.nodes.find((candidate) => candidate.process === process);
    if (!node || process.state === "dead") return;
    node.crash(this.diskLoss());
    this.scheduler.after(this.restartMs(), "", () => node.start());
  }
}

function fixedIdentity(): LogIdentity {
  const seed = hash("sha256", "the key of simulated logs", "buffer");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  return identityOf(ORIGIN, "2026-01-01T00:00:00.000Z", key);
}
