import { Counter, Gauge, type Registry } from "prom-client";
import type { SegmentCacheCounters } from "../search/segment-cache.ts";
import type { MirrorState } from "../mirror/mirror-writer.ts";
import type { WitnessState } from "../publish/witness.ts";
import type { LogStatus, NodeStatus, SourcesStatus, VerificationStatus } from "./status.ts";

type Row<T> = readonly [name: string, help: string, read: (of: T) => number];

const OF_LOGS: readonly Row<LogStatus>[] = [
  ["stele_tree_size", "Entries in the log", (log) => log.treeSize],
  ["stele_indexed_size", "Entries that searches see", (log) => log.indexedSize],
  ["stele_sealed_size", "Entries in segments", (log) => log.sealedSize],
  ["stele_segments", "Segments", (log) => log.segments],
  ["stele_hot_entries", "Entries that are not sealed yet", (log) => log.treeSize - log.sealedSize],
  ["stele_queue_bytes", "Bytes accepted and not committed yet", (log) => log.queueBytes],
  ["stele_writable", "Whether the log takes writes: 1 or 0", (log) => Number(log.writable.ok)],
  [
    "stele_following_seconds",
    "How long ago the node knew for sure that no other had committed more",
    (log) => log.followingMs / 1000,
  ],
];

const OF_MIRRORS: readonly Row<MirrorState>[] = [
  ["stele_mirror_lag_entries", "Entries that a mirror does not have yet", (mirror) => mirror.lagEntries],
  [
    "stele_mirror_lag_seconds",
    "Age of the oldest commit that a mirror does not have",
    (mirror) => mirror.lagMs / 1000,
  ],
  [
    "stele_mirror_failing",
    "Whether a mirror does not get on: 1 or 0",
    (mirror) => Number(mirror.failure !== undefined),
  ],
  [
    "stele_mirror_conflicts",
    "Objects of a mirror that differ from the primary's",
    (mirror) => mirror.conflicts,
  ],
];

const OF_WITNESSES: readonly Row<WitnessState>[] = [
  [
    "stele_witness_cosigned_size",
    "Tree size of the newest checkpoint that a witness cosigned for this node",
    (witness) => witness.cosignedSize,
  ],
  [
    "stele_witness_failing",
    "Whether a witness does not cosign: 1 or 0",
    (witness) => Number(witness.failure !== undefined),
  ],
];

const OF_VERIFICATION: readonly Row<VerificationStatus>[] = [
  [
    "stele_verify_last_full_seconds",
    "When everything that is stored was last read and verified (Unix time); 0 if never",
    ({ lastFullMs }) => (lastFullMs ?? 0) / 1000,
  ],
  ["stele_verify_progress", "Of the pass that runs: 0 to 1", ({ progress }) => progress],
  ["stele_verify_late", "Whether not all was verified in time: 1 or 0", ({ isLate }) => Number(isLate)],
  ["stele_findings", "What is stored, and is not what it should be", ({ findings }) => findings],
];

const OF_SOURCES: readonly Row<SourcesStatus>[] = [
  [
    "stele_sources_with_gaps",
    "Sources that numbered events which are missing for long",
    ({ withGaps }) => withGaps,
  ],
  ["stele_sources_silent", "Sources that are silent longer than they declared", ({ silent }) => silent],
];

const OF_CACHE: readonly Row<SegmentCacheCounters>[] = [
  ["stele_cache_requests_total", "Requests to vaults for parts of segments", (cache) => cache.requests],
  ["stele_cache_fetched_bytes_total", "Bytes fetched from vaults", (cache) => cache.fetchedBytes],
  ["stele_cache_hits_total", "Parts of segments that were on the node's disk", (cache) => cache.hits],
  ["stele_cache_misses_total", "Parts of segments that had to be fetched", (cache) => cache.misses],
];

/** What a node's status says, as metrics. */
export class NodeGauges {
  readonly #logs: readonly (readonly [Gauge<"log">, Row<LogStatus>])[];
  readonly #mirrors: readonly (readonly [Gauge<"log" | "mirror">, Row<MirrorState>])[];
  readonly #witnesses: readonly (readonly [Gauge<"log" | "witness">, Row<WitnessState>])[];
  readonly #witnessAge: Gauge<"log" | "witness">;
  readonly #witnessedSize: Gauge<"log">;
  readonly #verification: readonly (readonly [Gauge<"log">, Row<VerificationStatus>])[];
  readonly #verifiedBytes: Counter<"log">;
  readonly #sources: readonly (readonly [Gauge<"log">, Row<SourcesStatus>])[];
  readonly #cache: readonly (readonly [Counter, Row<SegmentCacheCounters>])[];
  readonly #cacheUsed: Gauge;
  readonly #alarms: Gauge<"code" | "severity" | "log">;

  constructor(registry: Registry) {
    const of = <Label extends string>([name, help]: Row<never>, labelNames: Label[]) => ({
      name,
      help,
      labelNames,
      registers: [registry],
    });
    this.#logs = OF_LOGS.map((row) => [new Gauge(of(row, ["log"])), row]);
    this.#mirrors = OF_MIRRORS.map((row) => [new Gauge(of(row, ["log", "mirror"])), row]);
    this.#witnesses = OF_WITNESSES.map((row) => [new Gauge(of(row, ["log", "witness"])), row]);
    // Without a cosignature there is no age, and without a policy nothing is witnessed.
    this.#witnessAge = new Gauge({
      name: "stele_witness_age_seconds",
      help: "Age of the newest cosignature of a witness",
      labelNames: ["log", "witness"],
      registers: [registry],
    });
    this.#witnessedSize = new Gauge({
      name: "stele_witnessed_size",
      help: "Entries under a checkpoint that a quorum of witnesses cosigned",
      labelNames: ["log"],
      registers: [registry],
    });
    this.#verification = OF_VERIFICATION.map((row) => [new Gauge(of(row, ["log"])), row]);
    this.#verifiedBytes = new Counter({
      name: "stele_verified_bytes_total",
      help: "Bytes of entries that were read again and verified",
      labelNames: ["log"],
      registers: [registry],
    });
    this.#sources = OF_SOURCES.map((row) => [new Gauge(of(row, ["log"])), row]);
    this.#cache = OF_CACHE.map((row) => [new Counter(of(row, [])), row]);
    this.#cacheUsed = new Gauge({
      name: "stele_cache_used_bytes",
      help: "Disk that the cache of segments takes",
      registers: [registry],
    });
    this.#alarms = new Gauge({
      name: "stele_alarms",
      help: "Alarms that are active",
      labelNames: ["code", "severity", "log"] as const,
      registers: [registry],
    });
  }

  show({ store, logs, sources, alarms }: NodeStatus): void {
    for (const [gauge, [, , read]] of this.#logs) {
      gauge.reset();
      for (const log of logs) gauge.set({ log: log.name }, read(log));
    }
    for (const [gauge, [, , read]] of this.#mirrors) {
      gauge.reset();
      for (const { name, mirrors } of logs) {
        for (const mirror of mirrors) gauge.set({ log: name, mirror: mirror.place }, read(mirror));
      }
    }
    this.#showWitnesses(logs);
    this.#alarms.reset();
    for (const { code, severity, log = "" } of alarms) this.#alarms.inc({ code, severity, log });
    for (const [gauge, [, , read]] of this.#verification) {
      gauge.reset();
      for (const { name, verification } of logs) {
        if (verification) gauge.set({ log: name }, read(verification));
      }
    }
    this.#verifiedBytes.reset();
    for (const { name, verification } of logs) {
      if (verification) this.#verifiedBytes.inc({ log: name }, verification.verifiedBytes);
    }
    for (const [gauge, [, , read]] of this.#sources) {
      gauge.reset();
      for (const of of sources) gauge.set({ log: of.log }, read(of));
    }
    const { cache } = store;
    if (!cache) return;
    for (const [counter, [, , read]] of this.#cache) {
      counter.reset();
      counter.inc(read(cache));
    }
    this.#cacheUsed.set(cache.usedBytes);
  }

  #showWitnesses(logs: readonly LogStatus[]): void {
    const gauges = [this.#witnessAge, this.#witnessedSize, ...this.#witnesses.map(([gauge]) => gauge)];
    for (const gauge of gauges) gauge.reset();
    for (const { name: log, witnessedSize, witnesses } of logs) {
      if (witnessedSize !== undefined) this.#witnessedSize.set({ log }, witnessedSize);
      for (const witness of witnesses) {
        const labels = { log, witness: witness.name };
        for (const [gauge, [, , read]] of this.#witnesses) gauge.set(labels, read(witness));
        if (witness.cosignedAgoMs !== undefined) this.#witnessAge.set(labels, witness.cosignedAgoMs / 1000);
      }
    }
  }
}
