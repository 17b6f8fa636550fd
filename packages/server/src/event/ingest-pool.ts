import { randomFillSync } from "node:crypto";
import { Worker } from "node:worker_threads";
import { UnavailableError } from "@stele/proof";
import type { SubmissionFormat } from "../log/audit-log.ts";
import type { EntryBatch } from "./entry-batch.ts";
import { unpackRefusal } from "./errors.ts";
import type { IdHashSeed } from "./id-hash.ts";
import type { IngestAnswer, IngestCall, IngestWorkerData } from "./ingest-worker.ts";
import { Ingest } from "./ingest.ts";
import { DEFAULT_EVENT_LIMITS, type EventLimits } from "./limits.ts";

export interface IngestPoolOptions {
  /** Worker threads, at least 1. Small bodies don't need them. */
  readonly threads: number;
  /** What is not given is as in {@link DEFAULT_EVENT_LIMITS}. */
  readonly limits?: Partial<EventLimits>;
  readonly idHashSeed: IdHashSeed;
}

/**
 * Makes entries of the bodies of submissions, beside the caller's thread where the body is large enough for that to be
 * worth it. Bounds the memory for each body; how many there are at one time is for the caller to bound.
 */
export class IngestPool {
  readonly #limits: EventLimits;
  readonly #inline: Ingest;
  readonly #threads: IngestThread[];
  #closed = false;

  private constructor({ threads, limits, idHashSeed }: IngestPoolOptions) {
    this.#limits = { ...DEFAULT_EVENT_LIMITS, ...limits };
    this.#inline = new Ingest({ limits: this.#limits, idHashSeed, fillRandom: randomFillSync });
    const data: IngestWorkerData = { limits: this.#limits, idHashSeed };
    this.#threads = Array.from({ length: threads }, () => new IngestThread(data));
  }

  static create(options: IngestPoolOptions): IngestPool {
    return new IngestPool(options);
  }

  /**
   * The entries of all events of a body, in buffers that are the caller's. Takes ownership of `body`: if it fills its
   * buffer, the buffer may be moved away.
   *
   * @param receivedAt the time for all of them, `YYYY-MM-DDTHH:MM:SS.mmmZ`
   * @throws EventRejectedError `event_invalid`; BodyMalformedError `body_malformed`; MalformedError `body_too_large`,
   *   `batch_too_large`, `batch_empty`: nothing of the body is usable
   * @throws UnavailableError `ingest_interrupted` if the worker died over it; `node_stopping` once closed
   */
  async normalize(body: Uint8Array, format: SubmissionFormat, receivedAt: string): Promise<EntryBatch> {
    if (this.#closed) throw stopping();
    if (format.encoding === "identity" && body.length <= this.#limits.inlineBytesMax) {
      return this.#inline.entries(body, format, receivedAt);
    }
    const thread = this.#threads.reduce((least, other) =>
      other.pendingBytes < least.pendingBytes ? other : least,
    );
    return await thread.normalize({ body: movable(body), format, receivedAt });
  }

  /** Ends the threads. Calls that are not answered yet reject with `node_stopping`. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

interface PendingCall {
  readonly bodyBytes: number;
  readonly resolve: (batch: EntryBatch) => void;
  readonly reject: (error: Error) => void;
}

/** One worker, and after its death the next one. Answers in the order of the calls. */
class IngestThread {
  /** As received. */
  pendingBytes = 0;
  readonly #data: IngestWorkerData;
  #worker: Worker | undefined;
  #pending: PendingCall[] = [];

  constructor(data: IngestWorkerData) {
    this.#data = data;
    this.#worker = this.#start();
  }

  normalize(call: IngestCall): Promise<EntryBatch> {
    // A worker that died is replaced when there is work for it, so one that can't start is not started in a loop.
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const bodyBytes = call.body.length;
      worker.postMessage(call, [call.body.buffer]);
      this.pendingBytes += bodyBytes;
      this.#pending.push({ bodyBytes, resolve, reject });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(stopping());
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL("./ingest-worker.ts", import.meta.url), {
      workerData: this.#data,
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    worker.on("message", (answer: IngestAnswer) => this.#settle(answer));
    worker.on("error", (cause) => this.#died(worker, cause));
    worker.on("exit", () => this.#died(worker));
    return worker;
  }

  #settle(answer: IngestAnswer): void {
    const call = this.#pending.shift();
    if (call === undefined) return;
    this.pendingBytes -= call.bodyBytes;
    if ("batch" in answer) call.resolve(answer.batch);
    else call.reject(unpackRefusal(answer.refusal));
  }

  #died(worker: Worker, cause?: unknown): void {
    if (worker !== this.#worker) return;
    this.#fail(new UnavailableError("ingest_interrupted", "The thread that read the events died", { cause }));
  }

  #fail(error: UnavailableError): void {
    const pending = this.#pending;
    this.#worker = undefined;
    this.#pending = [];
    this.pendingBytes = 0;
    for (const call of pending) call.reject(error);
  }
}

/** The same bytes in a buffer that has nothing else in it and so can be moved to another thread. */
function movable(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = body;
  const moves = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return moves ? new Uint8Array(buffer) : new Uint8Array(body);
}

function stopping(): UnavailableError {
  return new UnavailableError("node_stopping", "The node is stopping; send this to another one");
}
