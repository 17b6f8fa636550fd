import { mkdir } from "node:fs/promises";
import type { StoreStatus } from "../ops/status.ts";
import { logDirectory, logNames } from "./data-directory.ts";
import { openDirectoryStorage } from "./directory-storage.ts";
import { originOf, type LogHome, type OpenContext } from "./log-home.ts";
import { createLogIdentity } from "./log-key.ts";
import type { LogStorage } from "./log-storage.ts";
import type { KeySource } from "./signer/key-source.ts";

/** Logs in the data directory of one process. */
export class DirectoryHome implements LogHome {
  readonly isOwn = true;
  readonly nodes = undefined;
  readonly #dataDir: string;
  readonly #keySources: readonly KeySource[];

  /** `keySources`: where the keys of logs are, if not in files beside them. */
  constructor(dataDir: string, keySources: readonly KeySource[] = []) {
    this.#dataDir = dataDir;
    this.#keySources = keySources;
  }

  async names(): Promise<string[]> {
    return await logNames(this.#dataDir);
  }

  async create(name: string, originPrefix: string, createdAt: string): Promise<void> {
    if ((await this.names()).includes(name)) return;
    const directory = logDirectory(this.#dataDir, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await createLogIdentity(directory, originOf(originPrefix, name), createdAt, this.#keySources[0]);
  }

  async open(name: string, { database, idHashSeed }: OpenContext): Promise<LogStorage> {
    const directory = logDirectory(this.#dataDir, name);
    return await openDirectoryStorage({ directory, database, idHashSeed, keySources: this.#keySources });
  }

  status(): StoreStatus {
    return { place: this.#dataDir, kind: "directory", vaultLock: "unsupported", remarks: [] };
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
