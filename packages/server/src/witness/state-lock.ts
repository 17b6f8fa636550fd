import { DatabaseSync } from "node:sqlite";
import { ConflictError } from "@stele/proof";

const SQLITE_BUSY = 5;

/**
 * A lock on a file that ends with the process, however it ends. It is SQLite's: Node itself has none. Nothing is
 * stored in the file.
 */
export class StateLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws ConflictError `witness_state_locked` if another process holds it */
  static take(path: string): StateLock {
    const database = new DatabaseSync(path);
    try {
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new StateLock(database);
    } catch (cause) {
      database.close();
      if (!(cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY)) throw cause;
      throw new ConflictError(
        "witness_state_locked",
        `Another process holds ${path}: a witness already runs on this state`,
        { cause },
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}
