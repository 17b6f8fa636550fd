import type { LogKeys } from "@stele/proof";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import { placeObject, type Conflict } from "./place-object.ts";

export interface KeyMirrorOptions {
  /** As this node knows them; they grow. */
  readonly keys: Pick<LogKeys, "statements">;
  /** The mirror's. */
  readonly objects: ObjectStore;
  readonly onConflict: (conflict: Conflict) => void;
}

/** Brings the statements about a log's keys to one mirror: each before anything that is signed with the key it declares. */
export class KeyMirror {
  readonly #options: KeyMirrorOptions;
  #brought = 0;
  #conflicts = 0;
  #bringing: Promise<void> | undefined;

  constructor(options: KeyMirrorOptions) {
    this.#options = options;
  }

  /** How many differ. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** Resolves once the mirror has all that are known; at once if it has them. @throws what the mirror throws */
  async bring(): Promise<void> {
    while (this.#brought < this.#options.keys.statements.length) {
      this.#bringing ??= this.#bringNext().finally(() => (this.#bringing = undefined));
      await this.#bringing;
    }
  }

  async #bringNext(): Promise<void> {
    const { keys, objects, onConflict } = this.#options;
    const number = this.#brought + 1;
    const statement = Buffer.from(keys.statements[number - 1]!);
    const placed = await placeObject(objects, logKeys.keyStatement(number), statement);
    if (placed.outcome === "conflict") {
      this.#conflicts++;
      onConflict(placed);
    }
    this.#brought = number;
  }
}
