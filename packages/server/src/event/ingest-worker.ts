import { randomFillSync } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError, MalformedError } from "@stele/proof";
import type { SubmissionFormat } from "../log/audit-log.ts";
import { buffersOf, type EntryBatch } from "./entry-batch.ts";
import { packRefusal, type Refusal } from "./errors.ts";
import type { IdHashSeed } from "./id-hash.ts";
import { Ingest } from "./ingest.ts";
import type { EventLimits } from "./limits.ts";

/** What a worker of the {@link IngestPool} is started with. */
export interface IngestWorkerData {
  readonly limits: EventLimits;
  readonly idHashSeed: IdHashSeed;
}

/** Answered in the order of the calls. */
export interface IngestCall {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly format: SubmissionFormat;
  readonly receivedAt: string;
}

export type IngestAnswer = { readonly batch: EntryBatch } | { readonly refusal: Refusal };

if (parentPort === null) throw new InvariantError("not_a_worker", "To be started by the ingest pool");
const port = parentPort;
const { limits, idHashSeed }: IngestWorkerData = workerData;
const ingest = new Ingest({ limits, idHashSeed, fillRandom: randomFillSync });

function answer(value: IngestAnswer, transfer: ArrayBuffer[] = []): void {
  port.postMessage(value, transfer);
}

port.on("message", ({ body, format, receivedAt }: IngestCall) => {
  try {
    const batch = ingest.entries(body, format, receivedAt);
    answer({ batch }, buffersOf(batch));
  } catch (error) {
    // Anything else is a fault of ours: it ends the worker, and the pool tells those who wait and starts another.
    if (!(error instanceof MalformedError)) throw error;
    answer({ refusal: packRefusal(error) });
  }
});
