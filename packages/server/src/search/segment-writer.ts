import { fork } from "node:child_process";
import { MalformedError, UnavailableError, VerificationError, TILE_WIDTH } from "@stele/proof";
import type { SealAnswer } from "./seal-process.ts";
import type { SealJob } from "./segment-builder.ts";
import type { DescribedSegment } from "./segment.ts";

export type { SealJob } from "./segment-builder.ts";

const TIMEOUT_MS = 10 * 60_000;
const HEAP_MB_MAX = 256;

/**
 * Seals a range of the journal into a segment, in a process of its own and of low priority: it takes none of the node's
 * heap, and can be abandoned. What it wrote was read back and compared with `subtreeHashes` before it got its name.
 * Durable when it resolves; when it rejects, there is no such segment.
 *
 * @throws VerificationError `segment_not_authentic`, `journal_corrupt`, `journal_gap`
 * @throws UnavailableError `storage_full`, `storage_failed`, `seal_failed` (the process died or took too long)
 */
export async function sealSegment(job: SealJob, timeoutMs = TIMEOUT_MS): Promise<DescribedSegment> {
  const { start, end, journalFiles } = job;
  if (start % TILE_WIDTH !== 0 || end % TILE_WIDTH !== 0 || start >= end) {
    throw new MalformedError(
      "segment_misaligned",
      `[${start}, ${end}) does not begin and end at multiples of 256`,
    );
  }
  const child = fork(new URL("seal-process.ts", import.meta.url), {
    execArgv: [`--max-old-space-size=${HEAP_MB_MAX}`, "--max-semi-space-size=4"],
    // One arena for all threads keeps what was freed by one from piling up for the others.
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  try {
    const answer = await new Promise<SealAnswer>((resolve, reject) => {
      const failed = (what: string, cause?: unknown): void =>
        reject(new UnavailableError("seal_failed", `Sealing [${start}, ${end}) ${what}`, { cause }));
      child.once("message", (message: SealAnswer) => resolve(message));
      child.once("error", (cause) => failed("could not run", cause));
      child.once("exit", (code, signal) => failed(`ended without an answer (${signal ?? code})`));
      // Only what the job needs: the journal keeps more about a file.
      const files = journalFiles.map((file) => ({ path: file.path, start: file.start }));
      child.send({ ...job, journalFiles: files });
    });
    if ("segment" in answer) return answer.segment;
    const { kind, code, message } = answer.failure;
    throw kind === "UnavailableError"
      ? new UnavailableError(code, message)
      : new VerificationError(code, message, { start, end });
  } finally {
    clearTimeout(timer);
    if (child.connected) child.disconnect();
  }
}
