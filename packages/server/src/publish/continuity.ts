import { VerificationError, verifyConsistency, type Hash } from "@stele/proof";
import type { SignedTreeHead } from "../log/audit-log.ts";
import type { Clock } from "../log/clock.ts";
import { nativeHasher } from "../log/native-hasher.ts";
import type { Alarms } from "../ops/alarms.ts";

export interface ContinuityOptions {
  readonly log: {
    readonly name: string;
    head(): SignedTreeHead;
    proveConsistency(from: number, to: number): Promise<Hash[]>;
    /** How long ago this node knew for sure that it had all that was committed (milliseconds). */
    followingMs(): number;
  };
  readonly limits: { readonly lagMs: number };
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/**
 * Whether the log of a node that was started is the one that it published from before. Until that is known nothing is
 * published and nobody is asked; from then on the node itself sees to it that the log only grows.
 */
export class Continuity {
  readonly #options: ContinuityOptions;
  readonly #published: () => SignedTreeHead;
  #isKnown = false;
  /** Since when the log is smaller than what was published; on the monotonic clock. */
  #missingSinceMs: number | undefined;

  constructor(options: ContinuityOptions, published: () => SignedTreeHead) {
    this.#options = options;
    this.#published = published;
  }

  /** Whether it is; raises the alarm `published_conflict` if it is not. @throws what `proveConsistency` throws */
  async holds(): Promise<boolean> {
    if (this.#isKnown) return true;
    const { log, alarms } = this.#options;
    const [before, head] = [this.#published(), log.head()];
    if (head.treeSize < before.treeSize) {
      if (this.#isMissing()) this.#raise(before, head);
      return false;
    }
    const proof = before.treeSize === 0 ? [] : await log.proveConsistency(before.treeSize, head.treeSize);
    try {
      verifyConsistency(proof, before, head, nativeHasher);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      this.#raise(before, head);
      return false;
    }
    alarms.clear(this.#key);
    return (this.#isKnown = true);
  }

  /** Other nodes may have committed what this one has to follow first: not so if it is in step with them. */
  #isMissing(): boolean {
    const { log, limits, clock } = this.#options;
    this.#missingSinceMs ??= clock.monotonicMs();
    return clock.monotonicMs() - this.#missingSinceMs > limits.lagMs && log.followingMs() < limits.lagMs;
  }

  get #key() {
    return { code: "published_conflict", log: this.#options.log.name, subject: "published checkpoint" };
  }

  #raise(published: SignedTreeHead, present: SignedTreeHead): void {
    const { log, alarms } = this.#options;
    alarms.raise({
      ...this.#key,
      severity: "critical",
      message: `The log ${log.name} of ${present.treeSize} entries does not extend its checkpoint of ${published.treeSize}, which this node published: it was rolled back, or its history was changed. Nothing more is published; compare it with a mirror`,
      evidence: {
        published: Buffer.from(published.note).toString(),
        present: Buffer.from(present.note).toString(),
      },
    });
  }
}
