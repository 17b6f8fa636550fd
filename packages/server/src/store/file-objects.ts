import { randomBytes } from "node:crypto";
import { link, open, readdir, readFile, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { CallSlots } from "./call-slots.ts";
import { makeDirectory, syncDirectory, writeFully } from "./durable-file.ts";
import { assertObjectKey, isObjectKey } from "./object-key.ts";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import { errorCode } from "./storage-error.ts";
import { within } from "./within.ts";

const RUNNING_MAX = 32;
const WAITING_MAX = 1_000;
/** A file linked longer ago than this was made durable by whoever linked it, or they told nobody that it is there. */
const FRESH_MS = 60_000;
/** What a process that died left behind. */
const ABANDONED_MS = 60 * 60 * 1000;
const STAGED = /^\.new-[0-9a-f]{32}$/;

export interface FileObjectsOptions {
  /** Made with the first object. */
  readonly directory: string;
  /** For each call. */
  readonly timeoutMs: number;
}

/**
 * Objects in a directory that several processes may share, on one machine or on a file system with atomic links:
 * each a file that is linked into place, which only the first can do.
 */
export class FileObjects implements ObjectStore {
  readonly #directory: string;
  readonly #timeoutMs: number;
  readonly #slots: CallSlots;
  /** Directories that are known to be there for good. */
  readonly #durable = new Set<string>();
  #swept = false;

  constructor({ directory, timeoutMs }: FileObjectsOptions) {
    this.#directory = directory;
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
        ignoreMissing(error);
        return undefined;
      }
    });
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf("/") + 1), prefix, after);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      await this.#call(key, () => unlink(path).catch(ignoreMissing));
    }
  }

  /** What is in one directory (`""`, or a path that ends in a slash) and below. */
  async *#walk(directory: string, prefix: string, after: string): AsyncGenerator<ObjectInfo> {
    const path = join(this.#directory, directory);
    const entries = await this.#call(directory, async () => {
      try {
        return await readdir(path, { withFileTypes: true });
      } catch (error) {
        ignoreMissing(error);
        return [];
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
        const lengthBytes = await this.#call(key, () => lengthOf(this.#path(key)));
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
      throw cause instanceof UnavailableError ? cause : fileError(cause, place);
    }
  }

  /** Makes a directory, and all above it, and makes them durable. */
  async #makeDirectory(path: string): Promise<void> {
    if (this.#durable.has(path)) return;
    await makeDirectory(path);
    for (let at = path; at !== this.#directory; at = dirname(at)) await syncDirectory(dirname(at));
    await syncDirectory(dirname(this.#directory));
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

async function lengthOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR") throw error;
}

const DENIED = new Set(["EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR", "EISDIR"]);

function fileError(cause: unknown, place: string): UnavailableError {
  const code = errorCode(cause);
  return DENIED.has(code)
    ? new UnavailableError("store_denied", `${place} can't be used (${code}): look at its rights`, { cause })
    : new UnavailableError("store_unavailable", `${place} failed (${code})`, { cause, retryAfterMs: 5_000 });
}
