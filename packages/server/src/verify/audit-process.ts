import { fork, type ChildProcess } from "node:child_process";
import { UnavailableError } from "@stele/proof";
import { Mutex } from "../log/mutex.ts";
import { valueOf } from "./audit-answer.ts";
import type { SegmentHashes, SegmentQuestion } from "./segment-audit.ts";
import type { AuditMessage, AuditTask } from "./audit-child.ts";

const TIMEOUT_MS = 30 * 60_000;
/** A process that has nothing to do costs memory. */
const IDLE_MS = 30_000;
const HEAP_MB_MAX = 256;

/**
 * What costs time of the processor in verifying, done in a process of its own: one thing after the other. It starts when it
 * is needed, and ends when it was not for a while.
 */
export class AuditProcess {
  readonly #turns = new Mutex();
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #number = 0;
  #closed = false;
  readonly #priority: "low" | "normal";

  /** `low`: whatever else the machine has to do comes first. */
  constructor(priority: "low" | "normal") {
    this.#priority = priority;
  }

  /** `told` how many entries are done, now and then. @throws VerificationError `segment_corrupt`; UnavailableError */
  async hashSegment(question: SegmentQuestion, told?: (entries: number) => void): Promise<SegmentHashes> {
    return (await this.#ask({ kind: "hash", question }, told)) as SegmentHashes;
  }

  /** `told` as above. @throws VerificationError `segment_columns_differ`, `segment_corrupt`; UnavailableError */
  async auditColumns(question: SegmentQuestion, told?: (entries: number) => void): Promise<void> {
    await this.#ask({ kind: "columns", question }, told);
  }

  /** The leaf hashes of entry lines, 32 bytes each. */
  async hashLines(lines: Uint8Array): Promise<Uint8Array> {
    return (await this.#ask({ kind: "lines", lines })) as Uint8Array;
  }

  /** What runs is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end();
    await this.#turns.run(() => Promise.resolve());
  }

  async #ask(task: AuditTask, told?: (entries: number) => void): Promise<unknown> {
    return await this.#turns.run(async () => {
      if (this.#closed) throw new UnavailableError("verifier_failed", "The verifier is being closed");
      clearTimeout(this.#idle);
      const child = (this.#child ??= this.#start());
      const number = this.#number++;
      const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
      try {
        return await new Promise<unknown>((resolve, reject) => {
          const failed = (cause?: unknown): void =>
            reject(new UnavailableError("verifier_failed", "The process that verifies ended", { cause }));
          child.once("error", failed);
          child.once("exit", failed);
          child.on("message", function listen({ answer, done }: AuditMessage) {
            if (!answer) {
              told?.(done ?? 0);
              return;
            }
            child.off("message", listen);
            child.off("error", failed);
            child.off("exit", failed);
            try {
              resolve(valueOf(answer));
            } catch (error) {
              reject(error);
            }
          });
          child.send({ number, task });
        });
      } finally {
        clearTimeout(timer);
        this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
      }
    });
  }

  #start(): ChildProcess {
    const child = fork(new URL("audit-child.ts", import.meta.url), [this.#priority], {
      execArgv: [`--max-old-space-size=${HEAP_MB_MAX}`, "--max-semi-space-size=4"],
      env: { ...process.env, MALLOC_ARENA_MAX: "1" },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }
}
