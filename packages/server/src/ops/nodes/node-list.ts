import { MalformedError, UnavailableError } from "@stele/proof";
import type { ObjectStore } from "../../store/object-store.ts";
import { parsePresence, parsePresenceKey, PRESENCE_LENGTH_BYTES_MAX, type Presence } from "./presence.ts";

export interface NodeListOptions {
  /** `nodes/` of the store; undefined if it has this node only. */
  readonly objects: ObjectStore | undefined;
  /** What this node says of itself now. */
  readonly presence: () => Presence;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** The nodes of a store, as each last said. */
export interface NodesOfStore {
  /** This node first, then the others by name. */
  readonly nodes: readonly ListedNode[];
  /** Why the others may not be as they are: the store can't be read. */
  readonly failure: string | undefined;
}

export interface ListedNode extends Presence {
  /** How long ago it said so, if its clock and this node's agree. */
  readonly ageMs: number;
  readonly isSelf: boolean;
}

/** However often it is asked for, the store is asked no more often. */
const FRESH_MS = 5_000;
/** Somebody who fills the store with nodes costs a list and so many reads. */
const KEYS_MAX = 2_000;
const NODES_MAX = 200;
const READS_AT_ONCE = 8;
/** Who has said nothing for so long is forgotten. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1000;

/** Reads what the nodes of a store say of themselves. It is not to be believed (docs/spec/store.md): it is shown. */
export class NodeList {
  readonly #options: NodeListOptions;
  /** By key: what lies under one never changes. `undefined`: it is not what a node says. */
  #read = new Map<string, Presence | undefined>();
  #failure: string | undefined;
  #readMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(options: NodeListOptions) {
    this.#options = options;
  }

  /** Does not fail for a store that is out: then it gives what was known before. */
  async get(): Promise<NodesOfStore> {
    const { objects, presence, nowMs, monotonicMs } = this.#options;
    if (objects && monotonicMs() - this.#readMs >= FRESH_MS) {
      this.#reading ??= this.#look(objects).finally(() => (this.#reading = undefined));
      await this.#reading;
    }
    const own = presence();
    const now = nowMs();
    const listed = [...this.#read.values()]
      .filter((one) => one !== undefined)
      .filter(({ id }) => id !== own.id)
      .map((one) => ({ ...one, ageMs: distance(now, one), isSelf: false }))
      .toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
    return { nodes: [{ ...own, ageMs: 0, isSelf: true }, ...listed], failure: this.#failure };
  }

  async #look(objects: ObjectStore): Promise<void> {
    try {
      const { newest, forgotten } = await this.#keys(objects);
      const read = new Map<string, Presence | undefined>();
      const known = new Map([...this.#read.values()].flatMap((one) => (one ? [[one.id, one]] : [])));
      const left = newest.entries();
      const lanes = Array.from({ length: READS_AT_ONCE }, async () => {
        for (const [id, key] of left) {
          const presence = this.#read.has(key) ? this.#read.get(key) : await readPresence(objects, key);
          // Gone since it was listed: the node has said something newer, which the next look sees.
          read.set(key, presence === "gone" ? known.get(id) : presence);
        }
      });
      await Promise.all(lanes);
      this.#read = read;
      if (forgotten.length > 0) await objects.delete(forgotten);
      this.#failure = undefined;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.#failure = error.message;
    }
    this.#readMs = this.#options.monotonicMs();
  }

  /** The newest key of each node, and what is so old that it is forgotten. */
  async #keys(objects: ObjectStore): Promise<{ newest: Map<string, string>; forgotten: string[] }> {
    const now = this.#options.nowMs();
    const newest = new Map<string, string>();
    const forgotten: string[] = [];
    let count = 0;
    for await (const { key, lengthBytes } of objects.list("")) {
      if (++count > KEYS_MAX) break;
      const parsed = parsePresenceKey(key);
      if (!parsed || lengthBytes > PRESENCE_LENGTH_BYTES_MAX) continue;
      if (distance(now, parsed) > FORGOTTEN_MS) forgotten.push(key);
      else if (newest.has(parsed.id) || newest.size < NODES_MAX) newest.set(parsed.id, key);
    }
    return { newest, forgotten };
  }
}

/** Undefined if it is not what a node says of itself. */
async function readPresence(objects: ObjectStore, key: string): Promise<Presence | "gone" | undefined> {
  const bytes = await objects.get(key);
  if (!bytes) return "gone";
  try {
    return parsePresence(key, bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Whoever is ahead of this node's clock is as far from it as who is behind. */
function distance(nowMs: number, { saidMs }: Pick<Presence, "saidMs">): number {
  return Math.abs(nowMs - saidMs);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
