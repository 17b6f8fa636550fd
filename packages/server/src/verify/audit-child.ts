/** The child process of audit-process.ts: answers one question after the other. It dies with its parent. */
import { setPriority } from "node:os";
import { join } from "node:path";
import { hashLines } from "../log/native-hasher.ts";
import { answerOf, type AuditAnswer } from "./audit-answer.ts";
import { auditColumns } from "./column-audit.ts";
import { hashSegment, type SegmentHashes, type SegmentQuestion } from "./segment-audit.ts";

export type AuditTask =
  | { readonly kind: "hash"; readonly question: SegmentQuestion }
  | { readonly kind: "columns"; readonly question: SegmentQuestion }
  | { readonly kind: "lines"; readonly lines: Uint8Array };

/** The answer to a task; or, before it, how many entries are done. */
export interface AuditMessage {
  readonly number: number;
  readonly answer?: AuditAnswer<unknown>;
  readonly done?: number;
}

const TOLD_MS = 250;

/** Threads inherit it, so it is set before zlib and DuckDB start any. */
if (process.argv[2] === "low") setPriority(19);
process.once("disconnect", () => process.exit(1));
process.on("message", ({ number, task }: { number: number; task: AuditTask }) => {
  let toldMs = performance.now();
  const told = (done: number): void => {
    if (performance.now() - toldMs < TOLD_MS) return;
    toldMs = performance.now();
    process.send!({ number, done } satisfies AuditMessage);
  };
  void answerOf(() => perform(task, told)).then((answer) =>
    process.send!({ number, answer } satisfies AuditMessage),
  );
});

async function perform(
  task: AuditTask,
  told: (entries: number) => void,
): Promise<SegmentHashes | Uint8Array | undefined> {
  switch (task.kind) {
    case "hash":
      return await hashSegment(task.question, told);
    case "columns":
      await auditColumns(
        join(task.question.directory, task.question.segment.key),
        task.question.segment,
        told,
      );
      return undefined;
    case "lines":
      return hashLines(task.lines);
  }
}
