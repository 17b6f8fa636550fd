import { randomBytes } from "node:crypto";
import { link, open, readdir, readFile, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { CallSlots } from "./call-slots.ts";
import { syncDirectory, writeFully } from "./durable-file.ts";
import { assertObjectKey, isObjectKey } from "./object-key.ts";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import { isMissing, type RootDirectory } from "./root-directory.ts";
import { directoryError, errorCode } from "./storage-error.ts";
import { within } from "./within.ts";

const RUNNING_MAX = 32;
const WAITING_MAX = 1_000;
/** A file linked longer ago than this was made durable by whoever linked it, or they told nobody that it is there. */
const FRESH_MS = 60_000;
/** What a process that died left behind. */
const ABANDONED_MS = 60 * 60 * 1000;
const STAGED = /^\.new-[0-9a-f]{32}$/;

export interface FileObjectsOptions {
  /** Has to be there. */
  readonly root: RootDirectory;
  /** Where in it the objects are, `logs/main` say; made with the first one. */
  readonly path: string;
  /** For each call. */
  readonly timeoutMs: number;
}

/**
 * Objects in a directory that several processes may share, on one machine or on a file system with atomic links:
 * each a file that is linked into place, which only the first can do.
 */
export class FileObjects implements ObjectStore {
  readonly #root: RootDirectory;
  readonly #directory: string;
  readonly #timeoutMs: number;
  readonly #slots: CallSlots;
  /** Directories that are known to be there for good. */
  readonly #durable = new Set<string>();
  #swept = false;

  constructor({ root, path, timeoutMs }: FileObjectsOptions) {
    this.#root = root;
    this.#directory = join(root.path, path);
    this.#timeoutMs = timeoutMs;
    this.#slots = new CallSlots({ running: RUNNING_MAX, waiting: WAITING_MAX, place: this.place });
  }

  get place(): string {
    return `file://${this.#directory}`;
  }

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    const path = this.#path(key);
    return await this.#call(key, async () => {
      await this.#makeDirectory(dirname(path));
      await this.#sweep();
      const staged = join(this.#directory, `.new-${randomBytes(16).toString("hex")}`);
      try {
        const file = await open(staged, "wx", 0o444);
        try {
          await writeFully(file, pieces, 0);
          await file.sync();
        } finally {
          await file.close();
        }
        return await linkOnce(staged, path);
      } finally {
        await unlink(staged).catch(ignoreMissing);
      }
    });
  }

  async get(key: string): Promise<Buffer | undefined> {
    const path = this.#path(key);
    return await this.#call(key, async () => {
      try {
        const bytes = await readFile(path);
        // Nobody may act on what a power failure could still take back.
        if (Date.now() - (await stat(path)).ctimeMs < FRESH_MS) await syncDirectory(dirname(path));
        return bytes;
      } catch (error) {
        return await this.#absent(error);
      }
    });
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf("/") + 1), prefix, after);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      await this.#call(key, () => unlink(path).catch((error: unknown) => this.#absent(error)));
    }
  }

  /** What is in one directory (`""`, or a path that ends in a slash) and below. */
  async *#walk(directory: string, prefix: string, after: string): AsyncGenerator<ObjectInfo> {
    const path = join(this.#directory, directory);
    const entries = await this.#call(directory, async () => {
      try {
        return await readdir(path, { withFileTypes: true });
      } catch (error) {
        return (await this.#absent(error)) ?? [];
      }
    });
    // The slash takes part in the order of keys: a-b is before a/b.
    const names = entries.map((entry) => `${entry.name}${entry.isDirectory() ? "/" : ""}`).toSorted();
    for (const name of names) {
      const key = directory + name;
      if (!isObjectKey(name.endsWith("/") ? name.slice(0, -1) : name)) continue;
      if (name.endsWith("/")) {
        const matches = key.startsWith(prefix) || prefix.startsWith(key);
        if (matches && (key > after || after.startsWith(key))) yield* this.#walk(key, prefix, after);
      } else if (key.startsWith(prefix) && key > after) {
        const lengthBytes = await this.#call(key, async () => {
          const found = await stat(this.#path(key)).catch((error: unknown) => this.#absent(error));
          return found?.size;
        });
        if (lengthBytes !== undefined) yield { key, lengthBytes };
      }
    }
  }

  #path(key: string): string {
    assertObjectKey(key, this.place);
    return join(this.#directory, key);
  }

  async #call<T>(key: string, work: () => Promise<T>): Promise<T> {
    const place = `${this.place}/${key}`;
    try {
      return await within(this.#slots.run(this.#timeoutMs, work), this.#timeoutMs, place);
    } catch (cause) {
      throw cause instanceof UnavailableError ? cause : directoryError(cause, place);
    }
  }

  /** What a call found that failed because nothing is there: nothing, as long as the root is there. */
  async #absent(error: unknown): Promise<undefined> {
    if (!isMissing(error)) throw error;
    await this.#root.assertThere();
    return undefined;
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#durable.has(path)) return await this.#root.assertThere();
    await this.#root.makeBelow(path);
    this.#durable.add(path);
  }

  /** Deletes what a process that died was about to link. Another process's work under way is younger. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    for (const name of await readdir(this.#directory)) {
      if (!STAGED.test(name)) continue;
      const path = join(this.#directory, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > ABANDONED_MS) await unlink(path).catch(ignoreMissing);
    }
  }
}

async function linkOnce(staged: string, path: string): Promise<"created" | "exists"> {
  let outcome: "created" | "exists" = "created";
  try {
    await link(staged, path);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    outcome = "exists";
  }
  await syncDirectory(dirname(path));
  return outcome;
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
