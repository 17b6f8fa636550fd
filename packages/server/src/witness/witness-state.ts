import { open, readdir, readFile, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, MalformedError, SteleError, VerificationError } from "@stele/proof";
import { makeDirectory, replaceFile, syncDirectory, writeFully } from "../store/durable-file.ts";
import { errorCode, storageError } from "../store/storage-error.ts";
import { parseCosigned, type Cosigned } from "./cosigned.ts";
import { align, formatFrame, readFrame } from "./state-frame.ts";
import { StateLock } from "./state-lock.ts";
import type { WitnessKey } from "./witness-key.ts";

const SNAPSHOT = "snapshot";
const JOURNAL_NAME = /^journal\.(0|[1-9]\d{0,15})$/;
/** Some 500 commits. A larger snapshot has a larger journal, so that rewriting it stays a small part of the work. */
const JOURNAL_LENGTH_BYTES_MIN = 2 * 1024 * 1024;

interface Snapshot {
  /** The witness's own. */
  readonly vkey: string;
  readonly journal_length: number;
  readonly notes: readonly string[];
}

/**
 * What a witness has cosigned last of each log, in a directory. A commit is durable when it returns: one fdatasync, into a file
 * that was filled with zeros before. docs/spec/witness-state.md has the format.
 *
 * Its state is all that keeps a witness honest, so nothing is guessed when it is opened: what a crash leaves of a write that was never
 * answered is passed over; anything else that is not as it was written, or not there, is an error.
 */
export class WitnessState {
  readonly #directory: string;
  readonly #key: WitnessKey;
  readonly #lock: StateLock;
  readonly #cosigned = new Map<string, Cosigned>();
  #generation = 0;
  #sequence = 0;
  #journal: FileHandle | undefined;
  #journalLengthBytes = 0;
  #offset = 0;

  private constructor(directory: string, key: WitnessKey, lock: StateLock) {
    this.#directory = directory;
    this.#key = key;
    this.#lock = lock;
  }

  /**
   * Makes the state of a new witness: it has cosigned nothing. Only for a key that never cosigned anything.
   *
   * @throws ConflictError `witness_state_exists`, `witness_state_locked`
   */
  static async create(directory: string, key: WitnessKey): Promise<WitnessState> {
    await makeDirectory(directory);
    return await WitnessState.#locked(directory, key, async () => {
      const names = await readdir(directory);
      if (names.some((name) => name === SNAPSHOT || JOURNAL_NAME.test(name))) {
        throw new ConflictError(
          "witness_state_exists",
          `${directory} has the state of a witness already, which is never replaced. Start without --init`,
        );
      }
    });
  }

  /**
   * @throws MalformedError `witness_state_missing`, `witness_state_foreign`; VerificationError `witness_state_damaged`, with
   *   the file and the byte; ConflictError `witness_state_locked`
   */
  static async open(directory: string, key: WitnessKey): Promise<WitnessState> {
    try {
      await readdir(directory);
    } catch (cause) {
      throw errorCode(cause) === "ENOENT" ? missing(directory, cause) : cause;
    }
    return await WitnessState.#locked(directory, key, (state) => state.#recover());
  }

  static async #locked(
    directory: string,
    key: WitnessKey,
    prepare: (state: WitnessState) => Promise<void>,
  ): Promise<WitnessState> {
    const lock = StateLock.take(join(directory, "lock"));
    try {
      const state = new WitnessState(directory, key, lock);
      await prepare(state);
      await state.#beginGeneration([]);
      return state;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get count(): number {
    return this.#cosigned.size;
  }

  get(origin: string): Cosigned | undefined {
    return this.#cosigned.get(origin);
  }

  /**
   * Makes them durable, all or none as far as {@link get} tells. One at a time.
   *
   * @throws UnavailableError `storage_full`, `storage_failed`: they may be there after a restart, so no cosignature may be
   *   given away, but it was not promised that they are
   */
  async commit(cosigned: readonly Cosigned[]): Promise<void> {
    const frame = formatFrame({
      generation: this.#generation,
      sequence: this.#sequence + 1,
      content: cosigned.map(({ note }) => Buffer.from(note).toString()),
    });
    if (!this.#journal || this.#offset + frame.length > this.#journalLengthBytes) {
      await this.#beginGeneration(cosigned);
      return;
    }
    try {
      await writeFully(this.#journal, [frame], this.#offset);
      await this.#journal.datasync();
    } catch (cause) {
      // Nobody knows what the file holds now: the next commit begins anew, in other files.
      await this.#journal.close().catch(() => undefined); // the first error is the one to tell
      this.#journal = undefined;
      throw storageError(cause, this.#journalPath(this.#generation));
    }
    this.#offset += align(frame.length);
    this.#sequence++;
    for (const one of cosigned) this.#cosigned.set(one.origin, one);
  }

  async close(): Promise<void> {
    await this.#journal?.close();
    this.#journal = undefined;
    this.#lock.release();
  }

  /** Writes everything anew, with `added`, and goes on in an empty journal. */
  async #beginGeneration(added: readonly Cosigned[]): Promise<void> {
    const next = new Map(this.#cosigned);
    for (const one of added) next.set(one.origin, one);
    // Counted up first: an attempt that fails half-way leaves files behind that nothing may refer to.
    const generation = ++this.#generation;
    const notes = [...next.values()].map(({ note }) => Buffer.from(note).toString());
    const notesLengthBytes = notes.reduce((sum, note) => sum + note.length, 0);
    const journalLengthBytes = align(Math.max(JOURNAL_LENGTH_BYTES_MIN, 2 * notesLengthBytes));
    const snapshot: Snapshot = { vkey: this.#key.vkey, journal_length: journalLengthBytes, notes };
    const path = this.#journalPath(generation);
    try {
      await this.#journal?.close();
      this.#journal = undefined;
      const journal = await open(path, "w+", 0o600);
      try {
        await writeFully(journal, [Buffer.alloc(journalLengthBytes)], 0);
        await journal.sync();
        await syncDirectory(this.#directory);
        const frame = formatFrame({ generation, sequence: 0, content: snapshot });
        await replaceFile(join(this.#directory, SNAPSHOT), frame, 0o600);
      } catch (error) {
        await journal.close();
        throw error;
      }
      this.#journal = journal;
    } catch (cause) {
      throw storageError(cause, path);
    }
    this.#journalLengthBytes = journalLengthBytes;
    this.#offset = 0;
    this.#sequence = 0;
    for (const one of added) this.#cosigned.set(one.origin, one);
    // The state is durable: what can't be removed now goes with the next generation.
    await this.#removeOthers().catch(() => undefined);
  }

  /** Journals that the snapshot does not name. */
  async #removeOthers(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!JOURNAL_NAME.test(name) || name === `journal.${this.#generation}`) continue;
      await rm(join(this.#directory, name), { force: true });
    }
  }

  async #recover(): Promise<void> {
    const path = join(this.#directory, SNAPSHOT);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw errorCode(cause) === "ENOENT" ? missing(this.#directory, cause) : cause;
    });
    const read = readFrame(bytes, 0);
    if (read.kind !== "frame" || read.lengthBytes !== bytes.length) {
      throw damaged(path, 0, read.kind === "damaged" ? read.reason : "it is not one whole frame");
    }
    const { vkey, journal_length: journalLengthBytes, notes } = read.frame.content as Snapshot;
    if (vkey !== this.#key.vkey) {
      throw new MalformedError(
        "witness_state_foreign",
        `${this.#directory} is the state of the witness ${vkey}, not of ${this.#key.vkey}`,
      );
    }
    this.#generation = read.frame.generation;
    this.#recoverNotes(notes, path, 0);
    await this.#recoverJournal(journalLengthBytes);
  }

  async #recoverJournal(journalLengthBytes: number): Promise<void> {
    const path = this.#journalPath(this.#generation);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw errorCode(cause) === "ENOENT" ? damaged(path, 0, "it is gone", cause) : cause;
    });
    if (bytes.length !== journalLengthBytes) {
      throw damaged(path, bytes.length, `it has ${bytes.length} bytes, not ${journalLengthBytes}`);
    }
    for (let offset = 0, sequence = 1; offset < bytes.length; sequence++) {
      const read = readFrame(bytes, offset);
      if (read.kind === "end" || read.kind === "torn") return;
      if (read.kind === "damaged") throw damaged(path, offset, read.reason);
      const { frame } = read;
      if (frame.generation !== this.#generation || frame.sequence !== sequence) {
        throw damaged(path, offset, `it has frame ${frame.sequence} of generation ${frame.generation}`);
      }
      this.#recoverNotes(frame.content as readonly string[], path, offset);
      offset += align(read.lengthBytes);
    }
  }

  #recoverNotes(notes: readonly string[], path: string, offset: number): void {
    for (const note of notes) {
      let cosigned: Cosigned;
      try {
        cosigned = parseCosigned(Buffer.from(note), this.#key);
      } catch (cause) {
        if (!(cause instanceof SteleError)) throw cause;
        throw damaged(path, offset, `it has a checkpoint that this witness did not cosign`, cause);
      }
      const before = this.#cosigned.get(cosigned.origin);
      if (
        before &&
        (before.treeSize > cosigned.treeSize || before.timestampSeconds > cosigned.timestampSeconds)
      ) {
        throw damaged(path, offset, `the log ${cosigned.origin} becomes smaller, or older`);
      }
      this.#cosigned.set(cosigned.origin, cosigned);
    }
  }

  #journalPath(generation: number): string {
    return join(this.#directory, `journal.${generation}`);
  }
}

function missing(directory: string, cause: unknown): MalformedError {
  return new MalformedError(
    "witness_state_missing",
    `There is no witness's state in ${directory}. Is its file system mounted? Only for a key that never cosigned anything: --init makes one. A witness that lost its state needs a new key`,
    { cause },
  );
}

function damaged(path: string, offset: number, what: string, cause?: unknown): VerificationError {
  return new VerificationError(
    "witness_state_damaged",
    `The witness's state is damaged at ${path}, byte ${offset}: ${what}. Nothing was changed. A witness that lost its state needs a new key: an older copy would let it contradict itself`,
    { path, offset },
    { cause },
  );
}
