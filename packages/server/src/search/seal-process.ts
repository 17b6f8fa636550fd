/** The child process of segment-writer.ts: takes one job, answers once. It dies with its parent. */
import { setPriority } from "node:os";
import { SteleError } from "@stele/proof";
import { storageError } from "../store/storage-error.ts";
import { buildSegment, type SealJob } from "./segment-builder.ts";
import type { DescribedSegment } from "./segment.ts";

export type SealAnswer =
  | { readonly segment: DescribedSegment }
  | { readonly failure: { readonly kind: string; readonly code: string; readonly message: string } };

/** Threads inherit it, so it is set before zlib starts any. */
setPriority(19);
process.once("disconnect", () => process.exit(1));
process.once("message", (job: SealJob) => {
  void answer(job).then((message) => process.send!(message, () => process.disconnect()));
});

async function answer(job: SealJob): Promise<SealAnswer> {
  try {
    return { segment: await buildSegment(job) };
  } catch (cause) {
    const error = cause instanceof SteleError ? cause : storageError(cause, job.directory);
    return { failure: { kind: error.name, code: error.code, message: `${error.message}\n${String(cause)}` } };
  }
}
