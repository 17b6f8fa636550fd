import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MalformedError } from "@stele/proof";
import { FileObjects } from "./file-objects.ts";
import { FileVault } from "./file-vault.ts";
import { isObjectKey } from "./object-key.ts";
import type { ObjectStore } from "./object-store.ts";
import { probeCreates } from "./probe-creates.ts";
import { RootDirectory } from "./root-directory.ts";
import { directoryError, errorCode } from "./storage-error.ts";
import { logKeys, type Store, type StoreFindings } from "./store.ts";
import type { Vault } from "./vault.ts";

export interface FileStoreOptions {
  readonly journal: string;
  readonly vault: string;
  readonly timeoutMs: number;
}

/** Logs in a directory that several processes share. */
export class FileStore implements Store {
  readonly place: string;
  readonly #journal: RootDirectory;
  readonly #vault: RootDirectory;
  readonly #timeoutMs: number;
  #made = false;

  constructor({ journal, vault, timeoutMs }: FileStoreOptions) {
    this.place = `file://${journal}`;
    this.#journal = new RootDirectory(journal);
    this.#vault = new RootDirectory(vault);
    this.#timeoutMs = timeoutMs;
  }

  /** Makes its directories, the first time that it is called: see {@link RootDirectory}. @throws UnavailableError `store_unavailable`, `store_denied` */
  async make(): Promise<void> {
    if (this.#made) return;
    for (const root of [this.#journal, this.#vault]) await root.make(this.#timeoutMs);
    this.#made = true;
  }

  objects(log: string): ObjectStore {
    return this.#objects(join("logs", log));
  }

  vault(log: string): Vault {
    return FileVault.below(this.#vault, join("logs", log, "vault"));
  }

  nodes(): ObjectStore {
    return this.#objects("nodes");
  }

  async logNames(): Promise<string[]> {
    const directory = join(this.#journal.path, "logs");
    try {
      const entries = await readdir(directory, { withFileTypes: true });
      const found = await Promise.all(
        entries
          .filter((entry) => entry.isDirectory() && isObjectKey(entry.name))
          .map(async ({ name }) => ((await exists(join(directory, name, logKeys.identity))) ? [name] : [])),
      );
      return found.flat().toSorted();
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw directoryError(cause, directory);
      await this.#journal.assertThere();
      return [];
    }
  }

  async probe(): Promise<StoreFindings> {
    await this.make();
    const wrong = await probeCreates([this.#objects(""), this.#objects("")]);
    if (wrong !== undefined) {
      throw new MalformedError(
        "store_unfit",
        `Directory ${this.#journal.path} can't hold a journal: ${wrong}. The likely cause: its file system does not link files atomically`,
      );
    }
    return { vaultLock: "unsupported", warnings: [] };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #objects(path: string): FileObjects {
    return new FileObjects({ root: this.#journal, path, timeoutMs: this.#timeoutMs });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return false;
    throw cause;
  }
}
