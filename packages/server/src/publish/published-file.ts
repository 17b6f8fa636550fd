import {
  VerificationError,
  verifyCheckpoint,
  type CheckpointPolicy,
  type LogKeys,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { readCheckpointFile } from "../log/acknowledged-mark.ts";
import { replaceFile } from "../store/durable-file.ts";

/** The name of the file in a log's directory that holds its published checkpoint. */
export const PUBLISHED_FILE = "published";

/** The checkpoint that a node published last, with its cosignatures: a signed note in a file. */
export class PublishedFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * What the file has, its log's signature and the cosignatures of the policy's witnesses verified; whether they reach the
   * quorum is for the caller to ask, for the policy may be another one than that of then.
   *
   * @throws VerificationError `published_file_corrupt`
   */
  async read(keys: LogKeys, { witnesses = [] }: CheckpointPolicy): Promise<VerifiedCheckpoint | undefined> {
    const note = await readCheckpointFile(this.path);
    if (!note) return undefined;
    try {
      return verifyCheckpoint(note, keys, { witnesses });
    } catch (cause) {
      throw new VerificationError(
        "published_file_corrupt",
        `${this.path} is not a checkpoint that this log signed, or a cosignature in it is wrong. Restore it from a copy; without it the node may publish an older one`,
        { path: this.path },
        { cause },
      );
    }
  }

  /** Durable when it resolves. */
  async write(note: Uint8Array): Promise<void> {
    await replaceFile(this.path, note);
  }
}
