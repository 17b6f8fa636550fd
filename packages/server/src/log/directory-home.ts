import { mkdir } from "node:fs/promises";
import type { StoreStatus } from "../ops/status.ts";
import { logDirectory, logNames } from "./data-directory.ts";
import { openDirectoryStorage } from "./directory-storage.ts";
import { originOf, type LogHome, type OpenContext } from "./log-home.ts";
import { createLogIdentity } from "./log-key.ts";
import type { LogStorage } from "./log-storage.ts";

/** Logs in the data directory of one process. */
export class DirectoryHome implements LogHome {
  readonly isOwn = true;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async names(): Promise<string[]> {
    return await logNames(this.#dataDir);
  }

  async create(name: string, originPrefix: string, createdAt: string): Promise<void> {
    if ((await this.names()).includes(name)) return;
    const directory = logDirectory(this.#dataDir, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await createLogIdentity(directory, originOf(originPrefix, name), createdAt);
  }

  async open(name: string, { database, idHashSeed }: OpenContext): Promise<LogStorage> {
    const directory = logDirectory(this.#dataDir, name);
    return await openDirectoryStorage({ directory, database, idHashSeed });
  }

  status(): StoreStatus {
    return { place: this.#dataDir, kind: "directory", vaultLock: "unsupported", remarks: [] };
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
