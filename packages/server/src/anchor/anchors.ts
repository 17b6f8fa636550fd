import { MalformedError, UnavailableError } from "@stele/proof";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";

/** A published checkpoint that is kept for good, and time-stamps of it. Untrusted: {@link auditAnchor}. */
export interface Anchor {
  readonly treeSize: number;
  /** The signed note with its cosignatures; undefined if there are only time-stamps. */
  readonly checkpoint: Uint8Array | undefined;
  readonly timestamps: readonly { readonly key: string; readonly response: Uint8Array }[];
}

export type AnchorObjects = Pick<ObjectStore, "place" | "create" | "get" | "list">;

const KEY = /^anchors\/(\d{16})\/(checkpoint|([1-9]\d{0,3})\.tsr)$/;
const TIMESTAMPS_MAX = 1000;

/** The anchors of one log, where the log is kept: `anchors/<size>/checkpoint`, `anchors/<size>/<n>.tsr` (docs/spec/anchors.md). */
export class Anchors {
  readonly #objects: AnchorObjects;

  constructor(objects: AnchorObjects) {
    this.#objects = objects;
  }

  get place(): string {
    return this.#objects.place;
  }

  /** The size of the newest anchor; 0 if there is none. @param known a size that it has at least */
  async newestSize(known: number): Promise<number> {
    let newest = known;
    const after = logKeys.anchor(known, "");
    for await (const { key } of this.#objects.list(logKeys.anchors, after)) newest = sizeOf(key) ?? newest;
    return newest;
  }

  /** Keeps a checkpoint. Returns the one that counts: of this size, the one that was first. */
  async keep(treeSize: number, checkpoint: Uint8Array): Promise<Uint8Array> {
    const key = logKeys.anchor(treeSize, "checkpoint");
    if ((await this.#objects.create(key, [checkpoint])) === "created") return checkpoint;
    const kept = await this.#objects.get(key);
    if (kept) return kept;
    throw new UnavailableError("store_unavailable", `${this.place}/${key} comes and goes`);
  }

  /** Keeps a time-stamp of the checkpoint that was kept of this size, under the next free number. */
  async keepTimestamp(treeSize: number, response: Uint8Array): Promise<void> {
    for (let number = 1; number <= TIMESTAMPS_MAX; number++) {
      const key = logKeys.anchor(treeSize, `${number}.tsr`);
      if ((await this.#objects.create(key, [response])) === "created") return;
    }
    throw new MalformedError(
      "anchor_full",
      `${this.place} has ${TIMESTAMPS_MAX} time-stamps of size ${treeSize}`,
    );
  }

  /** All of them, by size. @throws MalformedError `anchor_malformed` for an object that does not belong there */
  async *read(): AsyncGenerator<Anchor> {
    let anchor:
      { treeSize: number; checkpoint: Uint8Array | undefined; timestamps: Anchor["timestamps"] } | undefined;
    for await (const { key } of this.#objects.list(logKeys.anchors)) {
      const treeSize = sizeOf(key);
      const bytes = treeSize === undefined ? undefined : await this.#objects.get(key);
      if (treeSize === undefined || !bytes) {
        throw new MalformedError("anchor_malformed", `${this.place}/${key} is not a part of an anchor`);
      }
      if (anchor?.treeSize !== treeSize) {
        if (anchor) yield anchor;
        anchor = { treeSize, checkpoint: undefined, timestamps: [] };
      }
      if (key.endsWith("/checkpoint")) anchor.checkpoint = bytes;
      else anchor.timestamps = [...anchor.timestamps, { key, response: bytes }];
    }
    if (anchor) yield anchor;
  }
}

function sizeOf(key: string): number | undefined {
  const [, size] = KEY.exec(key) ?? [];
  const treeSize = Number(size);
  return Number.isSafeInteger(treeSize) ? treeSize : undefined;
}
