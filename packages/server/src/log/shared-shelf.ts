import type { Vault } from "../store/vault.ts";
import { formatSegmentRecord, parseSegmentRecord } from "../search/segment-record.ts";
import type { DescribedSegment, Segment } from "../search/segment.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { SegmentShelf } from "./log-storage.ts";
import type { SegmentCatalog } from "./segment-catalog.ts";

export interface SharedShelfOptions {
  readonly identity: LogIdentity;
  readonly catalog: SegmentCatalog;
  readonly vault: Vault;
  /** Names the store in errors. */
  readonly place: string;
  /** Until when segments sealed now are locked (Unix milliseconds), if they are. */
  readonly retainUntilMs: () => number | undefined;
  readonly newSuffix: () => string;
  /** What a claim says, for people. */
  readonly claimText: () => string;
  readonly copies: SegmentCopies;
}

/** This node's copies of segments, which save fetching them. */
export interface SegmentCopies {
  /** Fetches what searches will need of a segment that another node sealed; does without it if the store is out. */
  prefetch(segment: Segment): Promise<void>;
  /** A second name for the file at `path`, which the vault takes away. */
  keep(path: string): Promise<string>;
  /** Takes a kept file over as this node's copy of a segment. */
  adopt(segment: Segment, kept: string): Promise<void>;
  /** Takes a kept file away, if it is still there. */
  drop(kept: string): Promise<void>;
}

/** Segments under lock, agreed on by seal records. */
export class SharedShelf implements SegmentShelf {
  readonly #options: SharedShelfOptions;

  constructor(options: SharedShelfOptions) {
    this.#options = options;
  }

  newSuffix(): string {
    return this.#options.newSuffix();
  }

  async find(start: number): Promise<Segment | undefined> {
    const { catalog, identity, place, copies } = this.#options;
    const record = await catalog.read(start);
    if (!record) return undefined;
    const { segment } = await identity.trying((keys) => parseSegmentRecord(record.note, keys, place, start));
    await copies.prefetch(segment);
    return segment;
  }

  async claim(start: number): Promise<boolean> {
    return await this.#options.catalog.claim(start, this.#options.claimText());
  }

  async publish(built: DescribedSegment, path: string, resume: number): Promise<Segment> {
    const { identity, catalog, vault, copies } = this.#options;
    const retainUntilMs = this.#options.retainUntilMs();
    const retention = retainUntilMs === undefined ? {} : { retainUntilMs };
    const kept = await copies.keep(path);
    try {
      const { version } = await vault.put(built.key, path, retention);
      const segment = { ...built, ...(version !== undefined && { version }) };
      const note = await formatSegmentRecord({ segment, resume, ...retention }, (text) =>
        identity.sign(text),
      );
      const { start, end } = segment;
      if ((await catalog.record({ start, end, note: Buffer.from(note) })) === "lost") {
        return (await this.find(start))!;
      }
      await copies.adopt(segment, kept);
      await catalog.dropClaims(start);
      return segment;
    } finally {
      await copies.drop(kept);
    }
  }
}
