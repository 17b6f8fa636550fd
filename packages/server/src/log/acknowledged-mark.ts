import { verifyCheckpoint, VerificationError, type LogKeys } from "@stele/proof";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import type { SignedTreeHead } from "./audit-log.ts";

const PAUSE_MS = 1_000;

/**
 * The file `checkpoint` of a log: the newest checkpoint that was acknowledged, or one a moment older. Recovery must
 * find at least so much. Written in the background, at most once a second: each write is two syncs that commits wait behind.
 */
export class AcknowledgedMark {
  readonly #path: string;
  /** What the file said when it was opened. */
  readonly head: SignedTreeHead | undefined;
  #next: SignedTreeHead | undefined;
  #writing: Promise<void> | undefined;
  readonly #closing = new AbortController();

  private constructor(path: string, head: SignedTreeHead | undefined) {
    this.#path = path;
    this.head = head;
  }

  /** @throws VerificationError `checkpoint_file_corrupt` if the file is not a checkpoint that the log signed */
  static async open(path: string, keys: LogKeys): Promise<AcknowledgedMark> {
    const note = await readCheckpointFile(path);
    if (!note) return new AcknowledgedMark(path, undefined);
    try {
      const { treeSize, root } = verifyCheckpoint(note, keys);
      return new AcknowledgedMark(path, { treeSize, root, note });
    } catch (cause) {
      throw new VerificationError(
        "checkpoint_file_corrupt",
        `${path} is not a checkpoint that this log signed. Restore it from a copy; without it a cut-off end of the journal could go unnoticed`,
        { path },
        { cause },
      );
    }
  }

  /** Notes a newer head; returns at once. A failure to write costs nothing but the mark's freshness. */
  set(head: SignedTreeHead): void {
    this.#next = head;
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when the newest head is written. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next) {
      const { note } = this.#next;
      this.#next = undefined;
      try {
        await replaceFile(this.#path, note);
      } catch (error) {
        // A full disk: the journal tells producers; the mark may lag, and is tried again with the next commit.
        if (!errorCode(error)) throw error;
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    try {
      await sleep(PAUSE_MS, undefined, { ref: false, signal: this.#closing.signal });
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }
}

/** The signed note in a log's `checkpoint` file, unverified, if there is one. */
export async function readCheckpointFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
