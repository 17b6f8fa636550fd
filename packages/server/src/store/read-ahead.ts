import type { ObjectStore } from "./object-store.ts";
import { logKeys } from "./store.ts";

/** Whoever finds so many commits one behind the other is behind: more than others make while it waits for its turn. */
const BEHIND = 32;
const COMMITS_MAX = 16;
const BYTES_MAX = 32 * 1024 * 1024;

/**
 * Reads commits one after the other, and several at once for whoever is behind: where the next one begins says only the one
 * before, so a list tells. What was read ahead is the same as what would be read later, since objects never change.
 */
export class ReadAhead {
  readonly #objects: ObjectStore;
  readonly #ahead = new Map<string, Promise<Buffer | undefined>>();
  #foundInARow = 0;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** The bytes of the commit at `start`, if there is one. */
  async take(start: number): Promise<Buffer | undefined> {
    const key = logKeys.commit(start);
    if (this.#foundInARow >= BEHIND && !this.#ahead.has(key)) await this.#fill(start);
    const bytes = this.#ahead.get(key);
    this.#ahead.delete(key);
    return (await bytes) ?? (await this.#objects.get(key));
  }

  /** Whether there was a commit where one was looked for. */
  found(wasThere: boolean): void {
    this.#foundInARow = wasThere ? this.#foundInARow + 1 : 0;
    if (!wasThere) this.#ahead.clear();
  }

  async #fill(start: number): Promise<void> {
    this.#ahead.clear();
    let bytes = 0;
    for await (const { key, lengthBytes } of this.#objects.list(logKeys.journal, logKeys.commit(start - 1))) {
      bytes += lengthBytes;
      const reading = this.#objects.get(key);
      reading.catch(() => undefined); // told when its turn comes
      this.#ahead.set(key, reading);
      if (this.#ahead.size === COMMITS_MAX || bytes > BYTES_MAX) return;
    }
  }
}
