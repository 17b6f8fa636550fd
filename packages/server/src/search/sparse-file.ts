import { constants } from "node:fs";
import { chmod, copyFile, mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFully } from "../store/durable-file.ts";
import { errorCode, storageError } from "../store/storage-error.ts";
import { readRange } from "./parquet-footer.ts";
import { piecesOf, type ByteRange } from "./segment-digests.ts";

/** Behind the names of files that are being written. */
export const TEMPORARY_SUFFIX = ".new";

const READ_BYTES = 256 * 1024;

/**
 * A file of a cache that has a length, and holes where nothing was written yet. Nothing is made durable.
 *
 * Methods throw UnavailableError `storage_full` or `storage_failed` if the disk fails.
 */
export class SparseFile {
  readonly path: string;
  #prepared: Promise<void> | undefined;
  #diskBytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** What it takes of the disk, as of the last change or {@link measure}. */
  get diskBytes(): number {
    return this.#diskBytes;
  }

  async measure(): Promise<void> {
    try {
      this.#diskBytes = (await stat(this.path)).blocks * 512;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw storageError(error, this.path);
      this.#diskBytes = 0;
    }
  }

  /** The file may have been changed by others: its length is looked at again. */
  distrust(): void {
    this.#prepared = undefined;
  }

  /** Runs `work`, which writes bytes at positions of the file. */
  async writing(
    lengthBytes: number,
    work: (write: (bytes: Uint8Array, position: number) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const file = await this.#openToWrite(lengthBytes);
    try {
      await work(async (bytes, position) => {
        try {
          await writeFully(file, [bytes], position);
        } catch (cause) {
          throw storageError(cause, this.path);
        }
      });
    } finally {
      await file.close();
      await this.measure();
    }
  }

  /** Reads ranges, piece by piece. False if the file is not of this length, or they can't be read: they are as good as not there. */
  async read(
    lengthBytes: number,
    ranges: readonly ByteRange[],
    take: (bytes: Buffer) => void,
  ): Promise<boolean> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.path, "r");
      if ((await file.stat()).size !== lengthBytes) return false;
      for (const { from, to } of ranges.flatMap((range) => piecesOf(range, READ_BYTES))) {
        take(await readRange(file, { offset: from, lengthBytes: to - from }));
      }
      return true;
    } catch (error) {
      if (error instanceof RangeError || ["ENOENT", "EIO"].includes(errorCode(error))) return false;
      throw storageError(error, this.path);
    } finally {
      await file?.close();
    }
  }

  /** Becomes a copy of another file. */
  async copyFrom(path: string): Promise<void> {
    await this.#replace(async (temporary) => {
      await copyFile(path, temporary, constants.COPYFILE_FICLONE);
      await chmod(temporary, 0o600); // what is sealed is read-only
    });
    this.#prepared = Promise.resolve();
  }

  /** Becomes a hole but for these ranges; or all of it, if there is no room for a copy of them. */
  async keepOnly(lengthBytes: number, ranges: readonly ByteRange[]): Promise<void> {
    this.distrust();
    try {
      await this.#replace(async (temporary) => {
        const target = new SparseFile(temporary);
        await target.writing(lengthBytes, async (write) => {
          for (const piece of ranges.flatMap((range) => piecesOf(range, READ_BYTES))) {
            const pieces: Buffer[] = [];
            const there = await this.read(lengthBytes, [piece], (bytes) => void pieces.push(bytes));
            if (!there) throw new RangeError(`${this.path} ends early`);
            await write(Buffer.concat(pieces), piece.from);
          }
        });
      });
    } catch {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    this.distrust();
    try {
      await rm(this.path, { force: true });
    } catch (cause) {
      throw storageError(cause, this.path);
    }
    await this.measure();
  }

  async #replace(write: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${this.path}${TEMPORARY_SUFFIX}`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await write(temporary);
      await rename(temporary, this.path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw storageError(cause, this.path);
    } finally {
      await this.measure();
    }
  }

  async #openToWrite(lengthBytes: number): Promise<FileHandle> {
    for (let attempt = 1; ; attempt++) {
      const prepared = (this.#prepared ??= this.#prepare(lengthBytes));
      try {
        await prepared;
        return await open(this.path, "r+");
      } catch (cause) {
        if (this.#prepared === prepared) this.#prepared = undefined;
        // Somebody may have deleted it since.
        if (errorCode(cause) !== "ENOENT" || attempt === 2) throw storageError(cause, this.path);
      }
    }
  }

  /** Gives the file its length; what it has is kept if it has that already. */
  async #prepare(lengthBytes: number): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const file = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      if ((await file.stat()).size === lengthBytes) return;
      await file.truncate(0);
      await file.truncate(lengthBytes);
    } finally {
      await file.close();
    }
  }
}
