import type { CountField, LogEntry, Party } from "@stele/client";

/** Of each field; with {@link LENGTH_MAX} some megabytes. */
const NAMES_MAX = 5_000;
/** What is longer is no name that anybody reads. */
const LENGTH_MAX = 200;

interface Seen {
  readonly type: string | undefined;
  /** Undefined if events don't agree on whom the id means. */
  readonly name: string | undefined;
}

/** What the events that this page has seen call whom they name by an id. Counts are by id, and know no names. */
export class NamesSeen {
  readonly #actors = new Map<string, Seen>();
  readonly #targets = new Map<string, Seen>();
  readonly #listeners = new Set<() => void>();
  #version = 0;

  /** Grows with each change: a snapshot for `useSyncExternalStore`. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  learn(entries: readonly LogEntry[]): void {
    const before = this.#version;
    for (const { entry } of entries) {
      this.#note(this.#actors, entry.actor);
      for (const target of entry.targets ?? []) this.#note(this.#targets, target);
    }
    if (this.#version !== before) for (const listener of this.#listeners) listener();
  }

  /** Undefined if it isn't known, or events call different ones by this id. */
  nameOf(field: CountField, id: string): string | undefined {
    if (field === "actor") return this.#actors.get(id)?.name;
    return field === "target" ? this.#targets.get(id)?.name : undefined;
  }

  #note(names: Map<string, Seen>, { id, name, type }: Party): void {
    if (typeof name !== "string" || name === "" || name === id) return;
    if (id.length > LENGTH_MAX || name.length > LENGTH_MAX) return;
    const seen = names.get(id);
    if (seen ? seen.name === undefined : names.size >= NAMES_MAX) return;
    if (seen?.name === name && seen.type === type) return;
    names.set(id, { type, name: seen ? undefined : name });
    this.#version++;
  }
}
