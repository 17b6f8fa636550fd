import { join } from "node:path";
import { parentPort, Worker } from "node:worker_threads";
import {
  rootOfLeaves,
  SteleError,
  TILE_WIDTH,
  UnavailableError,
  VerificationError,
  type Hash,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { LocalSegmentFiles } from "../search/segment-files.ts";
import { streamEntryBlocks } from "../search/segment-reader.ts";
import type { Segment } from "../search/segment.ts";

/** What the entries of a segment hash to. */
export interface SegmentHashes {
  /** One hash for each 256 entries, 32 bytes each. */
  readonly subtreeHashes: Uint8Array;
  /** The 256 leaf hashes of the blocks that they were asked for, by the block's first entry. */
  readonly leafHashes: ReadonlyMap<number, Uint8Array>;
  readonly entries: number;
  readonly bytes: number;
}

interface Question {
  /** Where the segment is. */
  readonly directory: string;
  readonly segment: Segment;
  /** First entries of the blocks whose leaf hashes are wanted. */
  readonly leavesOf: readonly number[];
}

/** Errors lose their class and code on the way between threads. */
type Answer =
  | { readonly hashes: SegmentHashes }
  | { readonly failure: { readonly code: string; readonly message: string; readonly isFalse: boolean } };

/** Hashes every entry of a segment, from its bytes. */
export async function hashSegment({ directory, segment, leavesOf }: Question): Promise<SegmentHashes> {
  const wanted = new Set(leavesOf);
  const subtrees: Hash[] = [];
  const leafHashes = new Map<number, Uint8Array>();
  let block: Hash[] = [];
  let index = segment.start;
  let bytes = 0;
  for await (const { entries } of streamEntryBlocks(new LocalSegmentFiles(directory), segment)) {
    for (const entry of entries) {
      block.push(nativeHasher.leaf(entry));
      bytes += entry.length;
      index++;
      if (index % TILE_WIDTH !== 0) continue;
      subtrees.push(rootOfLeaves(block, nativeHasher));
      if (wanted.has(index - TILE_WIDTH)) leafHashes.set(index - TILE_WIDTH, Buffer.concat(block));
      block = [];
    }
  }
  return { subtreeHashes: Buffer.concat(subtrees), leafHashes, entries: index - segment.start, bytes };
}

/** Hashes segments in worker threads, some at a time, and yields the results in the order of the questions. */
export async function* hashSegments(
  questions: readonly Question[],
  threads: number,
): AsyncGenerator<SegmentHashes> {
  const workers = Array.from({ length: Math.min(threads, questions.length) }, () => new SegmentWorker());
  try {
    const pending: Promise<SegmentHashes>[] = [];
    for (const [i, question] of questions.entries()) {
      const answer = workers[i % workers.length]!.ask(question);
      answer.catch(() => undefined); // reported when its turn comes
      pending.push(answer);
      if (pending.length > workers.length) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
}

class SegmentWorker {
  readonly #worker = new Worker(new URL(import.meta.url));
  #last: Promise<unknown> = Promise.resolve();

  /** One question at a time: the next waits. */
  async ask(question: Question): Promise<SegmentHashes> {
    const answer = this.#last.then(
      () =>
        new Promise<SegmentHashes>((resolve, reject) => {
          const failed = (cause: unknown): void =>
            reject(new UnavailableError("verifier_failed", "A verifier thread failed", { cause }));
          this.#worker.once("error", failed);
          this.#worker.once("message", (reply: Answer) => {
            this.#worker.off("error", failed);
            if ("hashes" in reply) resolve(reply.hashes);
            else reject(errorOf(reply.failure, question));
          });
          this.#worker.postMessage(question);
        }),
    );
    this.#last = answer.catch(() => undefined);
    return await answer;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

parentPort?.on("message", (question: Question) => {
  hashSegment(question).then(
    (hashes) => parentPort!.postMessage({ hashes } satisfies Answer),
    (error: unknown) => parentPort!.postMessage({ failure: describe(error) } satisfies Answer),
  );
});

function describe(error: unknown): { code: string; message: string; isFalse: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof SteleError ? error.code : "verifier_failed";
  return { code, message, isFalse: error instanceof VerificationError };
}

function errorOf(
  { code, message, isFalse }: ReturnType<typeof describe>,
  { directory, segment }: Question,
): SteleError {
  const path = join(directory, segment.key);
  return isFalse ? new VerificationError(code, message, { path }) : new UnavailableError(code, message);
}
