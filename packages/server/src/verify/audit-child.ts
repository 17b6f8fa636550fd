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

export interface AuditMessage {
  readonly number: number;
  readonly answer: AuditAnswer<unknown>;
}

/** Threads inherit it, so it is set before zlib and DuckDB start any. */
if (process.argv[2] === "low") setPriority(19);
process.once("disconnect", () => process.exit(1));
process.on("message", ({ number, task }: { number: number; task: AuditTask }) => {
  void answerOf(() => perform(task)).then((answer) =>
    process.send!({ number, answer } satisfies AuditMessage),
  );
});

async function perform(task: AuditTask): Promise<SegmentHashes | Uint8Array | undefined> {
  switch (task.kind) {
    case "hash":
      return await hashSegment(task.question);
    case "columns":
      await auditColumns(join(task.question.directory, task.question.segment.key), task.question.segment);
      return undefined;
    case "lines":
      return hashLines(task.lines);
  }
}
