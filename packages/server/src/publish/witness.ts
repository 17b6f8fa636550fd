import {
  encodeBase64,
  formatVerifierKey,
  type Hash,
  type NoteSignature,
  type NoteVerifier,
  type PolicyWitness,
} from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import type { Alarms } from "../ops/alarms.ts";
import { formatDuration } from "../ops/duration.ts";
import type { Round } from "./round.ts";
import { WitnessClient, type WitnessAnswer, type WitnessRefusal } from "./witness-client.ts";

export interface WitnessOptions {
  /** The log's name. */
  readonly log: string;
  /** Has a URL. */
  readonly witness: PolicyWitness;
  readonly verifier: NoteVerifier;
  readonly proveConsistency: (from: number, to: number) => Promise<Hash[]>;
  /** What the node has of the log now. */
  readonly treeSize: () => number;
  /** How long ago the node knew for sure that it had all that was committed (milliseconds). */
  readonly followingMs: () => number;
  readonly limits: WitnessLimits;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface WitnessLimits {
  /** For one request (milliseconds). */
  readonly timeoutMs: number;
  /** Once the newest cosignature is so old, the same checkpoint is to be cosigned again (milliseconds). */
  readonly refreshMs: number;
  /** Without a cosignature of what was committed for so long, or ahead of the log, there is an alarm (milliseconds). */
  readonly lagMs: number;
}

/** How far a witness is, for status and metrics. */
export interface WitnessState {
  /** Its name in the policy. */
  readonly name: string;
  /** Of its URL. */
  readonly host: string;
  /** The newest checkpoint that it cosigned for this node; 0 if none. */
  readonly cosignedSize: number;
  /** Age of that cosignature (milliseconds); undefined if there is none. */
  readonly cosignedAgoMs: number | undefined;
  /** Why it does not cosign, if it does not. */
  readonly failure?: { readonly reason: WitnessRefusal | "ahead"; readonly message: string };
}

/** Of requests for one cosignature: other nodes may have it cosign something else in between. */
const ATTEMPTS = 3;
const BACK_OFF_MS = 1_000;
const BACK_OFF_MS_MAX = 60_000;
/** Somebody has to change something before it cosigns again. */
const REFUSED_PAUSE_MS = 60_000;
/** Its history and the log's contradict each other: asking does not help, and it may be asked by nobody else. */
const CONFLICT_PAUSE_MS = 600_000;
const CONFLICTS: ReadonlySet<WitnessRefusal> = new Set(["size_withheld", "history_conflict"]);
const OUTAGES: ReadonlySet<WitnessRefusal> = new Set(["unavailable", "rate_limited"]);

/** One witness as one log of this node knows it: what it has cosigned, when to ask it again, and what is wrong with it. */
export class Witness {
  readonly policy: PolicyWitness;
  readonly #options: WitnessOptions;
  readonly #client: WitnessClient;
  /** The newest size that it is thought to have cosigned, for whomever. */
  #knownSize = 0;
  #cosignedSize = 0;
  /** Unix milliseconds. */
  #cosignedAtMs: number | undefined;
  #isAsked = false;
  #isDropped = false;
  #failures = 0;
  #failure: WitnessState["failure"];
  // On the monotonic clock:
  #notBeforeMs = -Infinity;
  /** Since when there is a head that it was to cosign and has not. */
  #owingSinceMs: number | undefined;
  #aheadSinceMs: number | undefined;

  /** @throws MalformedError `policy_unusable` */
  constructor(options: WitnessOptions) {
    const { witness, verifier, limits } = options;
    this.#options = options;
    this.policy = witness;
    this.#client = new WitnessClient(witness.url!, verifier, limits.timeoutMs);
  }

  get state(): WitnessState {
    const ago =
      this.#cosignedAtMs === undefined ? undefined : this.#options.clock.nowMs() - this.#cosignedAtMs;
    return {
      name: this.policy.name.toWellFormed(),
      host: this.#client.host,
      cosignedSize: this.#cosignedSize,
      cosignedAgoMs: ago === undefined ? undefined : Math.max(0, ago),
      ...(this.#failure && { failure: this.#failure }),
    };
  }

  /** As the one before: by the same key, under the same name, at the same URL. */
  isSame({ name, key, url }: PolicyWitness): boolean {
    const { policy } = this;
    return (
      policy.name === name && policy.url === url && formatVerifierKey(policy.key) === formatVerifierKey(key)
    );
  }

  /** The policy names it no more, or otherwise: from now on nothing is told of it. */
  drop(): void {
    this.#clearAlarms();
    this.#isDropped = true;
  }

  /** It cosigned this before the node was started. */
  remember(treeSize: number, timestampSeconds: number): void {
    this.#knownSize = treeSize;
    this.#cosignedSize = treeSize;
    this.#cosignedAtMs = Math.min(timestampSeconds * 1000, this.#options.clock.nowMs());
  }

  /** Whether it is to be asked to cosign this now. */
  isDue({ treeSize }: Round): boolean {
    const { clock, limits } = this.#options;
    if (this.#isAsked || clock.monotonicMs() < this.#notBeforeMs) return false;
    if (treeSize > this.#cosignedSize) return true;
    return clock.nowMs() - (this.#cosignedAtMs ?? -Infinity) >= limits.refreshMs;
  }

  /** Whether it has not cosigned this, or not again though it was asked to. */
  owes({ treeSize }: Round): boolean {
    return treeSize > this.#cosignedSize || this.#owingSinceMs !== undefined;
  }

  /**
   * Asks for a cosignature of this head; resolves with none if it does not come now. Once at a time.
   *
   * @throws what `proveConsistency` throws; the reason of `signal`
   */
  async ask(round: Round, signal: AbortSignal): Promise<NoteSignature | undefined> {
    this.#isAsked = true;
    if (round.treeSize <= this.#cosignedSize) this.#owingSinceMs ??= this.#options.clock.monotonicMs();
    try {
      return await this.#converse(round, signal);
    } catch (error) {
      this.#pause(BACK_OFF_MS);
      throw error;
    } finally {
      this.#isAsked = false;
    }
  }

  /** Looks whether it has been silent, or ahead, for too long. `newest`: the head that it is to cosign. */
  watch(newest: Round): void {
    const { limits, clock, followingMs, treeSize } = this.#options;
    const nowMs = clock.monotonicMs();
    if (newest.treeSize > this.#cosignedSize) this.#owingSinceMs ??= newest.startedMs;
    const owingMs = nowMs - (this.#owingSinceMs ?? Infinity);
    // What it says no with has an alarm of its own.
    const isOut = !this.#failure || this.#failure.reason === "ahead" || OUTAGES.has(this.#failure.reason);
    if (owingMs > limits.lagMs && isOut) {
      this.#raise(
        "witness_lagging",
        "warning",
        `has not cosigned the log for ${formatDuration(owingMs)}: ${this.#failure?.message ?? "it takes its time"}. Events are committed all the same; see that the witness works and can be reached`,
      );
    }
    if (this.#aheadSinceMs === undefined) return;
    if (treeSize() >= this.#knownSize) {
      this.#aheadSinceMs = undefined;
      this.#notBeforeMs = -Infinity;
    } else if (nowMs - this.#aheadSinceMs > limits.lagMs && followingMs() < limits.lagMs) {
      this.#conflict(`has cosigned ${this.#knownSize} entries, and the log has ${treeSize()}`, {
        witness_tree_size: this.#knownSize,
        checkpoint: Buffer.from(newest.note).toString(),
      });
    }
  }

  async #converse(round: Round, signal: AbortSignal): Promise<NoteSignature | undefined> {
    let oldTreeSize = Math.min(this.#knownSize, round.treeSize);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const proof =
        oldTreeSize === 0 || oldTreeSize === round.treeSize
          ? []
          : await this.#options.proveConsistency(oldTreeSize, round.treeSize);
      const answer = await this.#client.addCheckpoint({ oldTreeSize, proof, checkpoint: round.note }, signal);
      if (answer.kind === "cosigned") {
        this.#cosigned(round);
        return answer.signature;
      }
      if (answer.kind === "refused") {
        this.#refused(answer, {
          old_tree_size: oldTreeSize,
          proof: proof.map(encodeBase64),
          checkpoint: Buffer.from(round.note).toString(),
        });
        return undefined;
      }
      this.#knownSize = answer.treeSize;
      if (answer.treeSize > round.treeSize) {
        this.#ahead();
        return undefined;
      }
      if (answer.treeSize === oldTreeSize) {
        const message = `says that it has cosigned ${oldTreeSize} entries, and does not go on from there`;
        this.#refused({ kind: "refused", reason: "answer_wrong", message }, {});
        return undefined;
      }
      oldTreeSize = answer.treeSize;
    }
    return undefined; // Other nodes were faster each time; the next round is soon.
  }

  #cosigned(round: Round): void {
    const { clock } = this.#options;
    this.#knownSize = Math.max(this.#knownSize, round.treeSize);
    this.#cosignedSize = round.treeSize;
    this.#cosignedAtMs = clock.nowMs();
    this.#failures = 0;
    this.#failure = undefined;
    this.#notBeforeMs = -Infinity;
    this.#owingSinceMs = undefined;
    this.#aheadSinceMs = undefined;
    this.#clearAlarms();
  }

  #clearAlarms(): void {
    if (this.#isDropped) return;
    const { log, alarms } = this.#options;
    for (const code of ["witness_lagging", "witness_refuses", "witness_conflict"]) {
      alarms.clear({ code, log, subject: this.state.name });
    }
  }

  /** Another node may have had it cosign what this one has not followed yet. */
  #ahead(): void {
    const { clock, treeSize } = this.#options;
    if (this.#knownSize <= treeSize()) return;
    this.#aheadSinceMs ??= clock.monotonicMs();
    this.#failure = {
      reason: "ahead",
      message: `has cosigned ${this.#knownSize} entries, and this node has ${treeSize()} of the log`,
    };
    // Until the node has followed so far, or to hear whether it still says so.
    this.#pause(BACK_OFF_MS_MAX);
  }

  #refused(
    { reason, message, retryAfterMs = 0 }: Extract<WitnessAnswer, { kind: "refused" }>,
    evidence: Readonly<Record<string, unknown>>,
  ): void {
    this.#failure = { reason, message };
    if (OUTAGES.has(reason)) {
      const backOffMs = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS * 2 ** this.#failures++);
      this.#pause(Math.max(backOffMs, retryAfterMs));
    } else if (CONFLICTS.has(reason)) {
      this.#pause(Math.max(CONFLICT_PAUSE_MS, retryAfterMs));
      this.#conflict(message, evidence);
    } else {
      this.#pause(Math.max(REFUSED_PAUSE_MS, retryAfterMs));
      this.#raise("witness_refuses", "warning", `${message}. Look at its configuration, and at the policy`);
    }
  }

  /** Nodes that failed together must not come back together. */
  #pause(ms: number): void {
    const { clock, random } = this.#options;
    this.#notBeforeMs = clock.monotonicMs() + ms * (1 + random() / 4);
  }

  #conflict(what: string, evidence: Readonly<Record<string, unknown>>): void {
    this.#raise(
      "witness_conflict",
      "critical",
      `${what}. Either the log was rolled back or forked, or the witness is wrong: compare the log with a mirror and with other witnesses before anything is changed`,
      evidence,
    );
  }

  #raise(
    code: string,
    severity: "warning" | "critical",
    message: string,
    evidence?: Readonly<Record<string, unknown>>,
  ): void {
    if (this.#isDropped) return;
    const { log, alarms } = this.#options;
    const { name, host } = this.state;
    alarms.raise({
      code,
      log,
      subject: name,
      severity,
      message: `The witness ${name} (${host}) ${message}`,
      ...(evidence && { evidence: { witness: name, host, ...evidence } }),
    });
  }
}
