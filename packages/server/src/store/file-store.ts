import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MalformedError } from "@stele/proof";
import { FileObjects } from "./file-objects.ts";
import { FileVault } from "./file-vault.ts";
import { isObjectKey } from "./object-key.ts";
import type { ObjectStore } from "./object-store.ts";
import { probeCreates } from "./probe-creates.ts";
import { errorCode, storageError } from "./storage-error.ts";
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
  readonly #options: FileStoreOptions;

  constructor(options: FileStoreOptions) {
    this.place = `file://${options.journal}`;
    this.#options = options;
  }

  objects(log: string): ObjectStore {
    return this.#objects(join("logs", log));
  }

  vault(log: string): Vault {
    return FileVault.at(join(this.#options.vault, "logs", log, "vault"));
  }

  async logNames(): Promise<string[]> {
    const directory = join(this.#options.journal, "logs");
    try {
      const entries = await readdir(directory, { withFileTypes: true });
      const found = await Promise.all(
        entries
          .filter((entry) => entry.isDirectory() && isObjectKey(entry.name))
          .map(async ({ name }) => ((await exists(join(directory, name, logKeys.identity))) ? [name] : [])),
      );
      return found.flat().toSorted();
    } catch (cause) {
      if (errorCode(cause) === "ENOENT") return [];
      throw storageError(cause, directory);
    }
  }

  async probe(): Promise<StoreFindings> {
    const { journal, vault } = this.#options;
    for (const directory of [journal, vault]) {
      await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
        throw storageError(cause, directory);
      });
    }
    const wrong = await probeCreates([this.#objects(""), this.#objects("")]);
    if (wrong !== undefined) {
      throw new MalformedError(
        "store_unfit",
        `Directory ${journal} can't hold a journal: ${wrong}. The likely cause: its file system does not link files atomically`,
      );
    }
    return { vaultLock: "unsupported", warnings: [] };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #objects(path: string): FileObjects {
    const { journal, timeoutMs } = this.#options;
    return new FileObjects({ directory: join(journal, path), timeoutMs });
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
