import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import { logKeys } from "./store.ts";

/** Whoever finds so many commits one behind the other is behind: more than others make while it waits for its turn. */
const BEHIND = 32;
const COMMITS_MAX = 16;
const BYTES_MAX = 32 * 1024 * 1024;

interface ReadObject {
  readonly key: string;
  /** Undefined if it was deleted since it was listed. */
  readonly bytes: Buffer | undefined;
}

/**
 * Reads commits one after the other, and several at once for whoever is behind: where the next one begins says only the one
 * before, so a list tells. What was read ahead is the same as what would be read later, since objects never change.
 */
export class ReadAhead {
  readonly #objects: ObjectStore;
  #ahead: AsyncGenerator<ReadObject> | undefined;
  #foundInARow = 0;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** The bytes of the commit at `start`, if there is one. */
  async take(start: number): Promise<Buffer | undefined> {
    const key = logKeys.commit(start);
    return (await this.#takeAhead(key, start)) ?? (await this.#objects.get(key));
  }

  /** Whether there was a commit where one was looked for. */
  found(wasThere: boolean): void {
    if (wasThere) this.#foundInARow++;
    else this.#stop();
  }

  async #takeAhead(key: string, start: number): Promise<Buffer | undefined> {
    if (this.#foundInARow < BEHIND) return undefined;
    this.#ahead ??= readListed(this.#objects, logKeys.commit(start - 1));
    try {
      const { done, value } = await this.#ahead.next();
      if (!done && value.key === key) return value.bytes;
    } catch (error) {
      this.#stop();
      throw error;
    }
    // The end of what was listed, or not what was listed: others or this node went on.
    this.#stop();
    return undefined;
  }

  #stop(): void {
    this.#ahead = undefined;
    this.#foundInARow = 0;
  }
}

/** The commits behind a key, listed once, as far as needed. Some are read ahead of whoever takes them. */
async function* readListed(objects: ObjectStore, after: string): AsyncGenerator<ReadObject> {
  const ahead: { readonly info: ObjectInfo; readonly reading: Promise<Buffer | undefined> }[] = [];
  let aheadBytes = 0;
  for await (const info of objects.list(logKeys.journal, after)) {
    while (isFull(info)) yield await take();
    const reading = objects.get(info.key);
    reading.catch(() => undefined); // told when its turn comes
    ahead.push({ info, reading });
    aheadBytes += info.lengthBytes;
  }
  while (ahead.length > 0) yield await take();

  function isFull({ lengthBytes }: ObjectInfo): boolean {
    if (ahead.length === 0) return false; // one alone may be larger
    return ahead.length === COMMITS_MAX || aheadBytes + lengthBytes > BYTES_MAX;
  }

  async function take(): Promise<ReadObject> {
    const { info, reading } = ahead.shift()!;
    const bytes = await reading;
    aheadBytes -= info.lengthBytes;
    return { key: info.key, bytes };
  }
}
