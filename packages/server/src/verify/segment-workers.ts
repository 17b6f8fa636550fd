import { parentPort, Worker } from "node:worker_threads";
import { UnavailableError } from "@stele/proof";
import { answerOf, valueOf, type AuditAnswer } from "./audit-answer.ts";
import { AuditProcess } from "./audit-process.ts";
import { hashSegment, type SegmentHashes, type SegmentQuestion } from "./segment-audit.ts";

/** Hashes segments in worker threads, some at a time, and yields the results in the order of the questions. */
export async function* hashSegments(
  questions: readonly SegmentQuestion[],
  threads: number,
): AsyncGenerator<SegmentHashes> {
  const workers = Array.from({ length: Math.min(threads, questions.length) }, () => new SegmentWorker());
  yield* divided(questions, workers, (worker, question) => worker.ask(question));
}

/**
 * Compares the columns of segments with their entries, likewise, in processes: DuckDB does not survive the end of a thread.
 * Yields once for each segment.
 *
 * @throws as `auditColumns`
 */
export async function* auditSegmentColumns(
  questions: readonly SegmentQuestion[],
  processes: number,
): AsyncGenerator<void> {
  const workers = Array.from(
    { length: Math.min(processes, questions.length) },
    () => new AuditProcess("normal"),
  );
  yield* divided(questions, workers, (worker, question) => worker.auditColumns(question));
}

async function* divided<Worker extends { close(): Promise<void> }, T>(
  questions: readonly SegmentQuestion[],
  workers: readonly Worker[],
  ask: (worker: Worker, question: SegmentQuestion) => Promise<T>,
): AsyncGenerator<T> {
  try {
    const pending: Promise<T>[] = [];
    for (const [i, question] of questions.entries()) {
      const answer = ask(workers[i % workers.length]!, question);
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
  async ask(question: SegmentQuestion): Promise<SegmentHashes> {
    const answer = this.#last.then(
      () =>
        new Promise<SegmentHashes>((resolve, reject) => {
          const failed = (cause: unknown): void =>
            reject(new UnavailableError("verifier_failed", "A verifier thread failed", { cause }));
          this.#worker.once("error", failed);
          this.#worker.once("message", (reply: AuditAnswer<SegmentHashes>) => {
            this.#worker.off("error", failed);
            try {
              resolve(valueOf(reply));
            } catch (error) {
              reject(error);
            }
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

parentPort?.on("message", (question: SegmentQuestion) => {
  void answerOf(() => hashSegment(question)).then((answer) => parentPort!.postMessage(answer));
});
