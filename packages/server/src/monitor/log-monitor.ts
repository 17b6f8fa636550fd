import { readFile } from "node:fs/promises";
import {
  CompactRange,
  decodeUtf8,
  equalBytes,
  formatMisbehaviour,
  formatNote,
  SteleError,
  VerificationError,
  TileReader,
  verifyCheckpoint,
  type CheckpointPolicy,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import type { Alarm, Alarms } from "../ops/alarms.ts";
import { compareHeads, type Comparison, type Sighting } from "./compare-heads.ts";
import { freshQuorum } from "./fresh-quorum.ts";
import { auditEntries } from "./entry-audit.ts";
import { standingOf } from "./keeping-up.ts";
import type { TrustedLog } from "./log-keys.ts";
import type { MonitorDirectory, MonitorState, PlaceState } from "./monitor-state.ts";
import { RoundAlarms } from "./round-alarms.ts";
import { SeenHeads } from "./seen-heads.ts";
import type { VantagePoint } from "./vantage-point.ts";

export interface LogMonitorOptions {
  readonly origin: string;
  readonly trusted: TrustedLog;
  /** Asked, once a round at most, where a checkpoint does not verify: a key of the log may have been retired meanwhile. */
  readonly findKeys?: () => Promise<TrustedLog>;
  /** Whose cosignatures are asked for; nobody's unless told. */
  readonly policy?: CheckpointPolicy;
  /** The first is the log itself; others are mirrors, other ways to it, witnesses. */
  readonly places: readonly VantagePoint[];
  readonly directory: MonitorDirectory;
  /** Whether entries are read and hashed. */
  readonly entries: boolean;
  /** How long a place may be behind. */
  readonly staleAfterMs: number;
  /** How old the cosignatures of a quorum may be; as `staleAfterMs` unless told. */
  readonly cosignedWithinMs?: number;
  /** How long the log may stay as it is; without end unless told. */
  readonly quietAfterMs?: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly alarms: Alarms;
  /** What was active when the monitor last stopped: it goes on, or is over. */
  readonly active?: readonly Alarm[];
}

/** What one round looked at. */
export interface Round {
  /** What each place that answered shows: signed by the log, not more. */
  readonly heads: ReadonlyMap<string, VerifiedCheckpoint>;
  /** The largest tree of which everything that was seen until now is known to be a part. */
  readonly treeSize: number;
  /** How many entries were hashed, in this round and all before. */
  readonly entriesHashed: number;
  /** More entries are to be read: the next round need not wait. */
  readonly isUnfinished: boolean;
  /** Proofs of misbehaviour, of this round and all before. */
  readonly proofs: readonly string[];
}

/** Few, since entry bundles may have 16 MiB each. */
const PARALLEL_MAX = 4;

/**
 * Watches one log from outside: asks every vantage point for its checkpoint, and demands that all that was ever shown anywhere
 * is one history. Keeps what it saw; a restart forgets nothing.
 */
export class LogMonitor {
  readonly #options: LogMonitorOptions;
  readonly #alarms: RoundAlarms;
  readonly #seen: SeenHeads;
  readonly #state: MonitorState;
  #trusted: TrustedLog;
  /** Whether keys were had anew in this round; undefined before they were asked for. */
  #renewed: Promise<boolean> | undefined;

  private constructor(options: LogMonitorOptions, state: MonitorState, seen: SeenHeads) {
    this.#options = options;
    this.#alarms = new RoundAlarms(options);
    this.#state = state;
    this.#seen = seen;
    this.#trusted = options.trusted;
  }

  /** @throws MalformedError `monitor_state_malformed`; VerificationError if what was seen is not signed by this key */
  static async open(options: LogMonitorOptions): Promise<LogMonitor> {
    const { origin, trusted, now, directory } = options;
    const state = (await directory.read()) ?? {
      origin,
      vkey: trusted.vkey,
      statements: trusted.statements,
      notes: [],
      range: new CompactRange({ hasher: nativeHasher }),
      grewAtMs: now(),
      places: {},
    };
    const heads = state.notes.map((note) => verifyCheckpoint(Buffer.from(note), trusted.log));
    return new LogMonitor(options, state, new SeenHeads(heads));
  }

  /**
   * Looks once, compares, and keeps what it saw. What is wrong is raised as an alarm.
   *
   * @throws the reason of the vantage points' signal; the system's errors if the state can't be kept
   */
  async round(): Promise<Round> {
    this.#alarms.begin();
    this.#renewed = undefined;
    const known = this.#trusted;
    const sightings = await this.#lookEverywhere();
    const waiting = this.#waiting();
    const comparison = await compareHeads([...sightings, ...waiting], this.#seen);
    if (comparison.contradictions.length > 0 && (await this.#knowsMoreThan(known))) return await this.round();
    for (const [url, error] of comparison.failures) this.#alarms.tiles(url, error);
    for (const url of comparison.readFrom) this.#alarms.readFrom(url);
    const proofs = await this.#keepProofs(comparison);
    const comparedSize = this.#comparedSize(comparison);
    this.#standings(sightings, comparison);
    this.#believe([...sightings, ...waiting], comparedSize);
    const isUnfinished = await this.#auditEntries(sightings, comparedSize);
    this.#checkGrowth();
    this.#alarms.end();
    await this.#keep();
    return {
      heads: new Map(sightings.map(({ url, checkpoint }) => [url, checkpoint])),
      treeSize: this.#seen.largestSize,
      entriesHashed: this.#state.range.end,
      isUnfinished,
      proofs,
    };
  }

  async #lookEverywhere(): Promise<Sighting[]> {
    const looks = await Promise.all(this.#options.places.map(async (place) => await this.#look(place)));
    return looks.filter((sighting) => sighting !== undefined);
  }

  async #look(place: VantagePoint): Promise<Sighting | undefined> {
    const { policy = {} } = this.#options;
    const { url } = place;
    let isWitnessed = true;
    // Too few cosignatures are told of, but do not keep a head from being compared.
    const quorum: CheckpointPolicy["quorum"] = (cosigned) => {
      isWitnessed = policy.quorum?.(cosigned) ?? true;
      return true;
    };
    try {
      const note = await place.checkpoint();
      const checkpoint = await this.#withNewestKeys(() =>
        verifyCheckpoint(note, this.#trusted.log, { ...policy, quorum }),
      );
      this.#alarms.lookedAt(url);
      if (place.hasTiles) this.#checkCosignatures(url, checkpoint, isWitnessed);
      const options = { hasher: nativeHasher, parallelMax: PARALLEL_MAX };
      const reader = place.hasTiles ? new TileReader(checkpoint, place.fetch, options) : undefined;
      return { url, checkpoint, ...(reader && { reader }) };
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      this.#alarms.notShown(url, error);
      return undefined;
    }
  }

  async #withNewestKeys<T>(verify: () => T): Promise<T> {
    try {
      return verify();
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      this.#renewed ??= this.#renewKeys();
      if (!(await this.#renewed)) throw error;
      return verify();
    }
  }

  /** Keys that follow from those that are trusted. Where there are none to be had, what was refused stays refused. */
  async #renewKeys(): Promise<boolean> {
    const { findKeys } = this.#options;
    if (!findKeys) return false;
    try {
      this.#trusted = await findKeys();
      return true;
    } catch (error) {
      if (error instanceof SteleError) return false;
      throw error;
    }
  }

  /** Nobody is convicted by a key that was retired meanwhile: whoever has it could show another history. */
  async #knowsMoreThan({ statements }: TrustedLog): Promise<boolean> {
    await (this.#renewed ??= this.#renewKeys());
    return this.#trusted.statements.length > statements.length;
  }

  #checkCosignatures(url: string, checkpoint: VerifiedCheckpoint, isWitnessed: boolean): void {
    const { policy, staleAfterMs, cosignedWithinMs = staleAfterMs, now } = this.#options;
    if (!isWitnessed) {
      this.#alarms.cosignaturesTooFew(url, checkpoint);
    } else if (policy && !freshQuorum(policy, checkpoint.cosignatures, now(), cosignedWithinMs)) {
      this.#alarms.cosignaturesOld(url, checkpoint);
    }
  }

  /** Heads that were shown when nothing could be had that they can be compared with. */
  #waiting(): Sighting[] {
    return Object.entries(this.#state.places).flatMap(([url, { pending }]) => {
      const checkpoint = pending === undefined ? undefined : this.#verify(pending);
      return checkpoint ? [{ url, checkpoint }] : [];
    });
  }

  /** @returns where all proofs are, of this round and all before */
  async #keepProofs({ contradictions }: Comparison): Promise<string[]> {
    const { directory } = this.#options;
    for (const { url, against, misbehaviour } of contradictions) {
      const file = await directory.keepProof(`${url} ${against}`, formatMisbehaviour(misbehaviour));
      this.#alarms.misbehaved({ file, proof: await readFile(file, "utf8"), url, against });
    }
    const proofs = await directory.proofs();
    const [file] = proofs;
    if (file !== undefined && contradictions.length === 0)
      this.#alarms.misbehaved({ file, proof: await readFile(file, "utf8") });
    return proofs;
  }

  /** All heads up to this size are of one history. -1 if nothing is known, or if there are two. */
  #comparedSize({ reference, contradictions }: Comparison): number {
    const size = reference?.checkpoint.treeSize ?? -1;
    // What is smaller than the largest head that was seen is not compared with that one.
    return contradictions.length > 0 || size < this.#seen.largestSize ? -1 : size;
  }

  /** What was compared is what the next rounds are compared with. */
  #believe(sightings: readonly Sighting[], comparedSize: number): void {
    const before = this.#seen.largestSize;
    for (const { checkpoint } of sightings) {
      if (checkpoint.treeSize <= comparedSize) this.#seen.add(checkpoint);
    }
    if (this.#seen.largestSize > before) this.#state.grewAtMs = this.#options.now();
  }

  /** Which places are behind, and for how long; and whose heads are still to be compared. */
  #standings(sightings: readonly Sighting[], comparison: Comparison): void {
    const { now, staleAfterMs } = this.#options;
    const places: Record<string, PlaceState> = {};
    const shown = sightings.map(({ checkpoint }) => checkpoint.treeSize);
    const largestSize = Math.max(this.#seen.largestSize, ...shown);
    for (const [i, { url }] of this.#options.places.entries()) {
      const before = this.#state.places[url];
      const checkpoint = sightings.find((one) => one.url === url)?.checkpoint;
      const pending = this.#stillToCompare([before?.pending, checkpoint && textOf(checkpoint)], comparison);
      const kept = pending === undefined ? {} : { pending };
      if (!checkpoint) {
        if (before) places[url] = { ...withoutPending(before), ...kept };
        continue;
      }
      const { treeSize } = checkpoint;
      const { state, behindSinceMs } = standingOf(before, treeSize, largestSize, now());
      places[url] = { ...state, ...kept };
      if (behindSinceMs === undefined) continue;
      const isLate = now() - behindSinceMs >= staleAfterMs;
      const ownSize = before?.treeSize ?? 0;
      this.#alarms.behind({ url, treeSize, largestSize, ownSize, isLate, isFirst: i === 0 });
    }
    this.#state.places = places;
  }

  /** One note for a place, so that nothing grows: the first, or a larger one that extends it. */
  #stillToCompare(notes: readonly (string | undefined)[], comparison: Comparison): string | undefined {
    const comparedSize = this.#comparedSize(comparison);
    const { reference, contradictions } = comparison;
    const consistentSize = contradictions.length > 0 ? -1 : (reference?.checkpoint.treeSize ?? -1);
    const [first, second] = notes
      .filter((note) => note !== undefined)
      .map((note) => this.#verify(note))
      .filter((head) => head !== undefined)
      .filter((head) => head.treeSize > comparedSize && !this.#isSeen(head));
    const isExtended =
      first && second && first.treeSize <= second.treeSize && second.treeSize <= consistentSize;
    const chosen = isExtended ? second : first;
    return chosen && textOf(chosen);
  }

  /** What was shown before; undefined if it does not count any more, by the keys that are known now. */
  #verify(note: string): VerifiedCheckpoint | undefined {
    try {
      return verifyCheckpoint(Buffer.from(note), this.#trusted.log);
    } catch (error) {
      if (error instanceof VerificationError) return undefined;
      throw error;
    }
  }

  #isSeen({ treeSize, root }: VerifiedCheckpoint): boolean {
    return this.#seen.all.some((head) => head.treeSize === treeSize && equalBytes(head.root, root));
  }

  /** @returns whether there is more to read */
  async #auditEntries(sightings: readonly Sighting[], comparedSize: number): Promise<boolean> {
    if (!this.#options.entries) return false;
    // The log itself before its mirrors; those only if it does not have them.
    for (const { url, checkpoint, reader } of sightings) {
      const { treeSize } = checkpoint;
      if (!reader || treeSize > comparedSize || treeSize <= this.#state.range.end) continue;
      try {
        this.#state.range = await auditEntries(reader, this.#state.range);
        this.#alarms.readFrom(url);
        return this.#state.range.end < treeSize;
      } catch (error) {
        if (!(error instanceof SteleError)) throw error;
        this.#alarms.tiles(url, error);
      }
    }
    return false;
  }

  #checkGrowth(): void {
    const { quietAfterMs, now, places } = this.#options;
    const quietMs = now() - this.#state.grewAtMs;
    if (quietAfterMs !== undefined && quietMs >= quietAfterMs) this.#alarms.quiet(places[0]!.url, quietMs);
  }

  async #keep(): Promise<void> {
    const { vkey, statements } = this.#trusted;
    this.#state.vkey = vkey;
    this.#state.statements = statements;
    this.#state.notes = this.#seen.all.map(textOf);
    await this.#options.directory.write(this.#state);
  }
}

function withoutPending({ treeSize, target }: PlaceState): PlaceState {
  return { treeSize, ...(target && { target }) };
}

function textOf({ note }: VerifiedCheckpoint): string {
  return decodeUtf8(formatNote(note.text, note.signatures));
}
