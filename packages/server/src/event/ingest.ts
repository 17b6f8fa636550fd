import type { SubmissionFormat } from "../log/audit-log.ts";
import { decodeContent } from "./content-decoding.ts";
import type { EntryBatch } from "./entry-batch.ts";
import type { EventLimits } from "./limits.ts";
import { EventNormalizer, type NormalizerOptions } from "./normalizer.ts";

export interface IngestOptions extends NormalizerOptions {
  readonly limits: EventLimits;
}

/** From the body of a submission as it was received to its entries, on the present thread. */
export class Ingest {
  readonly #normalizer: EventNormalizer;
  readonly #bodyBytesMax: number;

  constructor(options: IngestOptions) {
    this.#normalizer = new EventNormalizer(options);
    this.#bodyBytesMax = options.limits.bodyBytesMax;
  }

  /** @throws what {@link decodeContent} and {@link EventNormalizer.normalize} throw */
  entries(body: Uint8Array, format: SubmissionFormat, receivedAt: string): EntryBatch {
    const decoded = decodeContent(body, format.encoding, this.#bodyBytesMax);
    return this.#normalizer.normalize(decoded, format.type, receivedAt);
  }
}
