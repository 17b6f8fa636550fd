import {
  equalBytes,
  formatNote,
  formatVerifierKey,
  parseNote,
  VerificationError,
  verifyCheckpoint,
  type Policy,
  type Hash,
  type LogKeys,
  type NoteSignature,
  type VerifiedCheckpoint,
} from "@stele/proof";
import type { SignedTreeHead } from "../log/audit-log.ts";
import type { Clock } from "../log/clock.ts";
import type { Alarms } from "../ops/alarms.ts";
import { isReached, whoIsAsked, type Asked } from "./asked.ts";
import { Continuity } from "./continuity.ts";
import { PublishedFile } from "./published-file.ts";
import type { Round } from "./round.ts";
import type { PublishingOptions } from "./witness-policy.ts";
import type { Witness, WitnessLimits, WitnessState } from "./witness.ts";

/** What a publisher sees of its log. */
export interface PublishableLog {
  readonly name: string;
  /** Durable: what witnesses are told can't be taken back. */
  head(): SignedTreeHead;
  proveConsistency(from: number, to: number): Promise<Hash[]>;
  /** How long ago this node knew for sure that no other had committed more (milliseconds). */
  followingMs(): number;
}

export interface PublisherOptions extends PublishingOptions {
  readonly log: PublishableLog;
  /** Of the log, as they are at each moment. */
  readonly keys: LogKeys;
  /** Where the published checkpoint is kept. */
  readonly path: string;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** 0 to 1; `Math.random` unless told. */
  readonly random?: () => number;
  /** Told of what fails here, not at a witness. */
  readonly onFailure: (error: unknown) => void;
}

const INTERVAL_MS = 1_000;
const REFRESH_MS = 60 * 60 * 1_000;
const LAG_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** Between two looks at a log in which nothing happens: a node may have many. */
const QUIET_PAUSE_MS = 10_000;

/** What a log publishes: `GET /logs/:log/checkpoint`. */
export interface PublishedCheckpoint extends SignedTreeHead {
  /** Whether its cosignatures reach the quorum. If not, nothing was published yet, and it is what was committed when the log was opened; or the policy was changed, and it is what was published by the one before. */
  readonly isPublished: boolean;
}

export interface PublishingState {
  /** Entries below it are under a checkpoint that the quorum cosigned; undefined if the policy asks for no witness. */
  readonly witnessedSize: number | undefined;
  /** When the newest checkpoint was published (Unix milliseconds); undefined if none was. */
  readonly publishedMs: number | undefined;
  readonly witnesses: readonly WitnessState[];
}

/**
 * Has the heads of one log cosigned, and publishes each one that the quorum cosigned. It works beside the log: no write
 * waits for it, and what it publishes never goes backwards.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #limits: WitnessLimits;
  #asked: Asked;
  readonly #file: PublishedFile;
  readonly #continuity: Continuity;
  readonly #closing = new AbortController();
  readonly #asking = new Set<Promise<void>>();
  readonly #listeners = new Set<(published: PublishedCheckpoint) => void>();
  #published: PublishedCheckpoint;
  #publishedMs: number | undefined;
  /** The head that witnesses are asked about; undefined while the log is empty. */
  #round: Round | undefined;
  /** Publications one after the other. */
  #publishing: Promise<void> = Promise.resolve();
  /** What failed last, until it works again. */
  #failure: string | undefined;
  /** The file lacks cosignatures that came after the quorum was reached. */
  #isFileBehind = false;
  #nap = new AbortController();
  #running: Promise<void> | undefined;

  private constructor(options: PublisherOptions) {
    const { policy, log } = options;
    const { refreshMs = REFRESH_MS, lagMs = LAG_MS, timeoutMs = TIMEOUT_MS } = options;
    const limits = { refreshMs, lagMs, timeoutMs };
    this.#options = options;
    this.#limits = limits;
    this.#asked = whoIsAsked(policy, options, limits);
    this.#file = new PublishedFile(options.path);
    this.#published = { ...log.head(), isPublished: false };
    this.#continuity = new Continuity({ ...options, limits }, () => this.#round ?? this.#published);
  }

  /** Goes on from what was published last. Asks nobody before {@link start}. @throws VerificationError `published_file_corrupt` */
  static async open(options: PublisherOptions): Promise<Publisher> {
    const publisher = new Publisher(options);
    const last = await publisher.#file.read(options.keys, publisher.#asked.rules);
    if (last) publisher.#resume(last);
    return publisher;
  }

  /** Who is asked, and who suffices. */
  get policy(): Policy {
    return this.#asked.policy;
  }

  /**
   * From now on these witnesses are asked, and their quorum is needed. Cosignatures that are there, or on their way, count for whoever is
   * still named. What is published stays, and is not called witnessed unless the new quorum has cosigned it, until that has. Returns at once.
   *
   * @throws MalformedError `policy_unusable`: then nothing is changed
   */
  change(policy: Policy): void {
    const { witnesses } = this.#asked;
    this.#asked = whoIsAsked(policy, this.#options, this.#limits, witnesses);
    for (const witness of witnesses) if (!this.#asked.witnesses.includes(witness)) witness.drop();
    // A committed head that was never published has to be durable here first.
    const isPublished = this.#publishedMs !== undefined && this.#isEnough(this.#published.note);
    this.#published = { ...this.#published, isPublished };
    if (this.#round) this.#publishIfReached(this.#round);
    this.wake();
  }

  /** What the log publishes now. */
  get published(): PublishedCheckpoint {
    return this.#published;
  }

  get state(): PublishingState {
    const { isPublished, treeSize } = this.#published;
    return {
      witnessedSize: this.#asked.policy.quorum === undefined ? undefined : isPublished ? treeSize : 0,
      publishedMs: this.#publishedMs,
      witnesses: this.#asked.witnesses.map(({ state }) => state),
    };
  }

  /** Begins to ask. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** The log has grown: asks about it, unless that was done less than the interval ago. Returns at once. */
  wake(): void {
    this.#nap.abort();
  }

  /** Calls `listener` with each newly published checkpoint, once it is durable here, until the returned function is called. */
  onPublished(listener: (published: PublishedCheckpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#nap.abort();
    await this.#running;
    await Promise.allSettled(this.#asking);
    this.#inTurn(() => this.#complete());
    await this.#publishing;
  }

  /** Whether a checkpoint has what the policy asks for. */
  #isEnough(note: Uint8Array): boolean {
    try {
      verifyCheckpoint(note, this.#options.keys, this.#asked.rules);
      return true;
    } catch (error) {
      if (error instanceof VerificationError) return false;
      throw error;
    }
  }

  #resume(last: VerifiedCheckpoint): void {
    const { clock } = this.#options;
    const { policy, witnesses } = this.#asked;
    const { text, signatures } = last.note;
    const cosignatures: Round["cosignatures"] = new Map();
    for (const witness of policy.witnesses) {
      const { name, keyId } = witness.key;
      const made = last.cosignatures.find((each) => each.name === name && each.keyId === keyId);
      const line = signatures.findLast((each) => each.name === name && each.keyId === keyId);
      if (!made || !line) continue;
      cosignatures.set(formatVerifierKey(witness.key), line);
      witnesses.find((each) => each.policy === witness)?.remember(last.treeSize, made.timestampSeconds);
    }
    const isPublished = isReached(policy, { cosignatures });
    const head = { treeSize: last.treeSize, root: last.root, note: formatNote(text, signatures) };
    if (isPublished || last.treeSize > this.#published.treeSize) this.#published = { ...head, isPublished };
    if (isPublished) {
      const newestSeconds = Math.max(0, ...last.cosignatures.map(({ timestampSeconds }) => timestampSeconds));
      this.#publishedMs = Math.min(newestSeconds * 1000, clock.nowMs());
    }
    const note = formatNote(text, this.#withoutCosignatures(signatures));
    this.#round = { ...head, note, startedMs: clock.monotonicMs(), cosignatures };
  }

  async #run(): Promise<void> {
    const { clock, intervalMs = INTERVAL_MS, random = Math.random } = this.#options;
    const { signal } = this.#closing;
    const quietMs = Math.min(QUIET_PAUSE_MS, this.#options.refreshMs ?? REFRESH_MS);
    while (!signal.aborted) {
      this.#nap = new AbortController();
      const isContinued = await this.#isContinued();
      const hasGrown = isContinued && this.#tick();
      this.#inTurn(() => this.#complete());
      // Nodes of one log should not ask its witnesses at the same moment each time. A log that does not grow is asked about
      // as soon as it does.
      const pauseMs = isContinued && this.#isQuiet() ? Math.max(intervalMs, quietMs) : intervalMs;
      await clock.sleep(pauseMs * (0.9 + random() / 5), hasGrown ? signal : this.#nap.signal);
    }
  }

  async #isContinued(): Promise<boolean> {
    try {
      return await this.#continuity.holds();
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Whether there is nothing to wait for but growth, and the time to renew cosignatures. */
  #isQuiet(): boolean {
    const round = this.#round;
    return !round || this.#asked.witnesses.every((witness) => !witness.owes(round));
  }

  /** Asks whom it is time to ask. Returns whether there is a new head to ask about. */
  #tick(): boolean {
    const { log, clock } = this.#options;
    const { treeSize: headSize, root, note } = log.head();
    const last = this.#round;
    if (headSize > (last?.treeSize ?? 0)) {
      this.#round = {
        treeSize: headSize,
        root,
        note,
        startedMs: clock.monotonicMs(),
        cosignatures: new Map(),
      };
    } else if (last && headSize === last.treeSize && !equalBytes(note, last.note)) {
      // Another key of the log has signed, too. Cosignatures are of the text, which is the same.
      this.#round = { ...last, note };
      this.#publishIfReached(this.#round);
    }
    const round = this.#round;
    if (!round) return false;
    // Where nobody must cosign, or it failed before.
    const { isPublished, treeSize } = this.#published;
    if (!isPublished || round.treeSize > treeSize) this.#publishIfReached(round);
    for (const witness of this.#asked.witnesses) {
      witness.watch(round);
      if (!witness.isDue(round)) continue;
      const asking = this.#ask(witness, round).finally(() => this.#asking.delete(asking));
      this.#asking.add(asking);
    }
    return round.treeSize > (last?.treeSize ?? 0);
  }

  /** Holds on to the round until the witness has answered: a slow one may still complete its quorum. */
  async #ask(witness: Witness, round: Round): Promise<void> {
    try {
      const signature = await witness.ask(round, this.#closing.signal);
      if (!signature) return;
      round.cosignatures.set(formatVerifierKey(witness.policy.key), signature);
      this.#publishIfReached(round);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#fail(error);
    }
  }

  #publishIfReached(round: Round): void {
    if (isReached(this.#asked.policy, round)) this.#inTurn(() => this.#publish(round));
  }

  /** Two writes at once would be to one file. */
  #inTurn(write: () => Promise<void>): void {
    this.#publishing = this.#publishing.then(write).catch((error: unknown) => this.#fail(error));
  }

  async #publish(round: Round): Promise<void> {
    const before = this.#published;
    // The policy may have been changed since its turn was asked for.
    if (round.treeSize < before.treeSize || !isReached(this.#asked.policy, round)) return;
    const published = this.#cosigned(round);
    if (before.isPublished && round.treeSize === before.treeSize) {
      // Late cosignatures, or newer ones: as good as the ones before, so they need not be durable at once.
      this.#isFileBehind ||= !equalBytes(published.note, before.note);
      this.#published = published;
      return;
    }
    await this.#file.write(published.note);
    this.#isFileBehind = false;
    this.#failure = undefined;
    this.#published = { ...published, isPublished: isReached(this.#asked.policy, round) };
    this.#publishedMs = this.#options.clock.nowMs();
    for (const listener of this.#listeners) listener(this.#published);
  }

  #withoutCosignatures(signatures: readonly NoteSignature[]): NoteSignature[] {
    const keys = this.#asked.policy.witnesses.map(({ key }) => key);
    return signatures.filter(
      ({ name, keyId }) => !keys.some((key) => key.name === name && key.keyId === keyId),
    );
  }

  /** The checkpoint of a round with its cosignatures, in the order of the policy; verified as a client will. */
  #cosigned({ treeSize, root, note, cosignatures }: Round): PublishedCheckpoint {
    const { policy, rules } = this.#asked;
    const { text, signatures } = parseNote(note);
    const lines = policy.witnesses.flatMap(({ key }) => cosignatures.get(formatVerifierKey(key)) ?? []);
    const cosigned = formatNote(text, [...this.#withoutCosignatures(signatures), ...lines]);
    verifyCheckpoint(cosigned, this.#options.keys, rules);
    return { treeSize, root, note: cosigned, isPublished: true };
  }

  /** Told once, until something is published again. */
  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#failure !== message) this.#options.onFailure(error);
    this.#failure = message;
  }

  /** Writes down cosignatures that came late. */
  async #complete(): Promise<void> {
    if (!this.#isFileBehind) return;
    await this.#file.write(this.#published.note);
    this.#isFileBehind = false;
  }
}
