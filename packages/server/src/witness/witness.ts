import {
  emptyRoot,
  equalBytes,
  formatNote,
  formatSignatureLine,
  MalformedError,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  UnavailableError,
  VerificationError,
  verifyConsistency,
  verifyNote,
  type AddCheckpointRequest,
  type Checkpoint,
  type NoteSignature,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import type { Cosigned } from "./cosigned.ts";
import { RateLimitedError, RefusedError, SizeConflictError } from "./errors.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { WitnessKey } from "./witness-key.ts";
import type { WitnessState } from "./witness-state.ts";
import type { WitnessedLog, WitnessedLogs } from "./witnessed-logs.ts";

export interface WitnessOptions {
  readonly key: WitnessKey;
  readonly state: WitnessState;
  readonly logs: WitnessedLogs;
  /** How many requests of one log a second. */
  readonly requestsPerSecond: number;
  /** Unix milliseconds. Cosignatures are dated by it; it may jump. */
  readonly nowMs: () => number;
  /** A log signed two trees of one size. Returns at once. */
  readonly onContradiction?: (contradiction: Contradiction) => void;
}

/** Two signed checkpoints of one size, with different roots: they show to anybody that the log is not honest. */
export interface Contradiction {
  readonly origin: string;
  readonly treeSize: number;
  /** What this witness had cosigned. */
  readonly cosigned: Uint8Array;
  readonly other: Uint8Array;
}

/** A request that is well formed and signed by its log, and waits to be compared with the state. */
interface Admitted extends AddCheckpointRequest {
  readonly log: WitnessedLog;
  readonly head: Checkpoint;
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface Asked extends Admitted {
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests that wait at one time. More: `overloaded`. */
const WAITING_MAX = 1024;

/**
 * Cosigns checkpoints (c2sp.org/tlog-witness, "add-checkpoint"). Checking and storing are one step: one batch of requests
 * at a time is compared with the state in the order in which they came, made durable with one sync, and answered. So no two answers
 * contradict each other, whatever comes at the same time.
 */
export class Witness {
  readonly #options: WitnessOptions;
  #logs: WitnessedLogs;
  readonly #buckets = new Map<string, TokenBucket>();
  #waiting: Asked[] = [];
  #working: Promise<void> | undefined;
  #stopping = false;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#logs = options.logs;
  }

  get logs(): WitnessedLogs {
    return this.#logs;
  }

  /** Goes on with other logs. What was cosigned of those that are gone is kept. */
  set logs(logs: WitnessedLogs) {
    this.#logs = logs;
    this.#buckets.clear();
  }

  /**
   * @param body untrusted
   * @returns the cosignature, as a signature line with its newline
   * @throws RefusedError `request_malformed`, `old_size_larger`, `checkpoint_not_trusted`, `log_not_witnessed`,
   *   `checkpoint_inconsistent`; SizeConflictError `witness_size_differs`; RateLimitedError `rate_limited`; UnavailableError
   *   `overloaded`, `stopping`, `storage_full`, `storage_failed`
   */
  async addCheckpoint(body: Uint8Array): Promise<Uint8Array> {
    const admitted = this.#admit(body);
    if (this.#stopping) throw new UnavailableError("stopping", "The witness is stopping");
    if (this.#waiting.length >= WAITING_MAX) {
      throw new UnavailableError("overloaded", `${WAITING_MAX} requests are waiting. Try again in a moment`);
    }
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ ...admitted, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** The newest cosigned checkpoint of the log whose origin has this hash. @throws RefusedError `never_cosigned` */
  latest(originHash: string): Uint8Array {
    const log = this.#logs.byHash(originHash);
    const cosigned = log && this.#options.state.get(log.origin);
    if (!cosigned) {
      throw new RefusedError("never_cosigned", "This witness has cosigned nothing of a log of this hash");
    }
    return cosigned.note;
  }

  /** Answers what waits, and takes nothing more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#working;
  }

  /** All that can be checked without the state. */
  #admit(body: Uint8Array): Admitted {
    const { request, head } = parse(body);
    const log = this.#logs.get(head.origin);
    if (!log) {
      const origin = JSON.stringify(head.origin.slice(0, 200));
      throw new RefusedError("log_not_witnessed", `This witness has no key of the log ${origin}`);
    }
    const { text, signatures } = verifySigned(request.checkpoint, log);
    if (request.oldTreeSize > head.treeSize) {
      throw new RefusedError(
        "old_size_larger",
        `The old size ${request.oldTreeSize} is larger than the checkpoint's, ${head.treeSize}`,
      );
    }
    const admitted = { ...request, log, head, text, signatures };
    this.#limit(admitted);
    return admitted;
  }

  /**
   * Anybody can repeat what a log has signed, with any old size and any proof; but only what the log signed anew is larger than the last
   * one and extends it. So each kind has a limit of its own, and none keeps the log from growing. Two cost no more than the signature
   * that was checked already, and have none: to be told the size, and to get the cosignature of this second again.
   */
  #limit(asked: Admitted): void {
    const { requestsPerSecond, state } = this.#options;
    const { origin } = asked.head;
    const last = state.get(origin);
    checkOldSize(asked, last);
    if (last && isSame(last, this.#timeAfter(last), asked.text)) return;
    const id = `${kindOf(asked, last)} ${origin}`;
    const nowMs = performance.now();
    let bucket = this.#buckets.get(id);
    if (!bucket) {
      bucket = new TokenBucket(requestsPerSecond, nowMs);
      this.#buckets.set(id, bucket);
    }
    const waitMs = bucket.take(nowMs);
    if (waitMs > 0) throw new RateLimitedError(origin, waitMs);
  }

  async #work(): Promise<void> {
    // Those that come in the same turn of the event loop share a sync.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#answer(batch);
    }
    this.#working = undefined;
  }

  /** Never throws. */
  async #answer(batch: readonly Asked[]): Promise<void> {
    /** What this batch will have made of the state, if it becomes durable. */
    const pending = new Map<string, Cosigned>();
    const answers: (() => void)[] = [];
    try {
      for (const asked of batch) {
        try {
          const cosigned = await this.#decide(asked, pending);
          answers.push(() => asked.resolve(cosignatureLine(cosigned)));
        } catch (error) {
          answers.push(() => asked.reject(error));
        }
      }
      if (pending.size > 0) await this.#options.state.commit([...pending.values()]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    // Only now: a refusal may tell of a size that was not durable before.
    for (const answer of answers) answer();
  }

  async #decide(asked: Asked, pending: Map<string, Cosigned>): Promise<Cosigned> {
    const { key, state } = this.#options;
    const { head, text, signatures } = asked;
    const { origin } = head;
    const last = pending.get(origin) ?? state.get(origin);
    checkOldSize(asked, last);
    this.#checkExtends(asked, last);
    const timestampSeconds = this.#timeAfter(last);
    if (last && isSame(last, timestampSeconds, text)) return last;
    const cosignature = await key.cosign(text, timestampSeconds);
    const note = formatNote(text, [...signatures, cosignature]);
    const { treeSize, root } = head;
    const cosigned = { origin, treeSize, root, timestampSeconds, note };
    pending.set(origin, cosigned);
    return cosigned;
  }

  #checkExtends(asked: Admitted, last: Cosigned | undefined): void {
    const { origin, treeSize } = asked.head;
    if (last && contradicts(asked, last)) {
      const { checkpoint: other } = asked;
      this.#options.onContradiction?.({ origin, treeSize, cosigned: last.note, other });
      throw new RefusedError(
        "checkpoint_inconsistent",
        `The log ${origin} signed two different trees of size ${treeSize}`,
      );
    }
    const cause = inconsistency(asked, last);
    if (cause) throw new RefusedError("checkpoint_inconsistent", cause.message, { cause });
  }

  /** Never 0, and never before the last one, whatever the clock says. */
  #timeAfter(last: Cosigned | undefined): number {
    return Math.max(1, last?.timestampSeconds ?? 0, Math.floor(this.#options.nowMs() / 1000));
  }
}

/** @throws SizeConflictError `witness_size_differs` */
function checkOldSize({ head, oldTreeSize }: Admitted, last: Cosigned | undefined): void {
  const lastSize = last?.treeSize ?? 0;
  if (oldTreeSize !== lastSize) throw new SizeConflictError(head.origin, oldTreeSize, lastSize);
}

/** Whether the log signed two trees of one size. */
function contradicts({ head: { treeSize, root } }: Admitted, last: Cosigned): boolean {
  return last.treeSize === treeSize && treeSize > 0 && !equalBytes(last.root, root);
}

/** What has a limit of its own. Anybody can make the log repeat itself, or be refused; only the log the other two. */
function kindOf(
  asked: Admitted,
  last: Cosigned | undefined,
): "grows" | "repeats" | "contradicts" | "refused" {
  if (last && contradicts(asked, last)) return "contradicts";
  if (inconsistency(asked, last)) return "refused";
  return asked.head.treeSize > (last?.treeSize ?? -1) ? "grows" : "repeats";
}

/** Why it is not proven to extend what was cosigned last; undefined if it is. */
function inconsistency({ head, proof }: Admitted, last: Cosigned | undefined): VerificationError | undefined {
  try {
    verifyConsistency(proof, last ?? { treeSize: 0, root: emptyRoot() }, head, nativeHasher);
    return undefined;
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}

function parse(body: Uint8Array): { request: AddCheckpointRequest; head: Checkpoint } {
  try {
    const request = parseAddCheckpoint(body);
    return { request, head: parseCheckpoint(parseNote(request.checkpoint).text) };
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new RefusedError("request_malformed", cause.message, { cause });
  }
}

/** The text, and those signatures of the log that were verified: others are not kept. */
function verifySigned(checkpoint: Uint8Array, { origin, verifiers }: WitnessedLog) {
  try {
    const { text, verified } = verifyNote(checkpoint, verifiers);
    const signatures = verified.map(({ name, keyId, signature }) => ({ name, keyId, signature }));
    return { text, signatures };
  } catch (cause) {
    // MalformedError: a known key's cosignature, dated beyond what is a number here.
    if (!(cause instanceof VerificationError || cause instanceof MalformedError)) throw cause;
    throw new RefusedError(
      "checkpoint_not_trusted",
      `The checkpoint is not signed as the log ${origin} signs: ${cause.message}`,
      { cause },
    );
  }
}

/** Whether a cosignature that was given already says the same. */
function isSame(last: Cosigned, timestampSeconds: number, text: string): boolean {
  return last.timestampSeconds === timestampSeconds && parseNote(last.note).text === text;
}

function cosignatureLine({ note }: Cosigned): Uint8Array {
  const own = parseNote(note).signatures.at(-1)!;
  return Buffer.from(`${formatSignatureLine(own)}\n`);
}
