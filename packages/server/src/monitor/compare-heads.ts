import {
  equalBytes,
  findMisbehaviour,
  formatNote,
  SteleError,
  type Misbehaviour,
  type TileReader,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import type { SeenHeads } from "./seen-heads.ts";

/** A head that a vantage point shows, or showed when it could not be compared. */
export interface Sighting {
  readonly url: string;
  readonly checkpoint: VerifiedCheckpoint;
  /** Of the tree of `checkpoint`; without it, the place has no tiles, or no longer these. */
  readonly reader?: TileReader;
}

export interface Contradiction {
  /** Where it was seen. */
  readonly url: string;
  /** What it contradicts: another vantage point, or what was seen before. */
  readonly against: string;
  readonly misbehaviour: Misbehaviour;
}

export interface Comparison {
  readonly contradictions: readonly Contradiction[];
  /** Places whose tiles were needed, and what was wrong with them. */
  readonly failures: ReadonlyMap<string, SteleError>;
  /** Places whose tiles were needed, and are what the log signed. */
  readonly readFrom: readonly string[];
  /** What every head up to its size was compared with; undefined if no place had tiles. */
  readonly reference: Sighting | undefined;
}

export const BEFORE = "what was seen before";

/**
 * Compares what vantage points show with each other and with what was seen before. Trees of one size need nothing but their
 * roots. The others are compared with the largest whose tiles can be had; larger ones than that have to wait.
 */
export async function compareHeads(sightings: readonly Sighting[], seen: SeenHeads): Promise<Comparison> {
  const contradictions = differentRoots(sightings, seen);
  const failures = new Map<string, SteleError>();
  // Convicted already: nothing that could be read would change that.
  if (contradictions.length > 0) return { contradictions, failures, readFrom: [], reference: undefined };

  const bySize = sightings.toSorted((a, b) => b.checkpoint.treeSize - a.checkpoint.treeSize);
  for (const reference of bySize) {
    const { reader } = reference;
    if (!reader || failures.has(reference.url)) continue;
    try {
      const below = headsBelow(reference, bySize, seen);
      for (const [url, checkpoint] of below) {
        const read: TileReader["readHashes"] = (nodes) => reader.readHashes(nodes);
        const misbehaviour = await findMisbehaviour(checkpoint, reference.checkpoint, read, nativeHasher);
        if (!misbehaviour) continue;
        const [shownAt, against] = url === BEFORE ? [reference.url, BEFORE] : [url, reference.url];
        contradictions.push({ url: shownAt, against, misbehaviour });
      }
      const readFrom = below.some(([, { treeSize }]) => treeSize > 0) ? [reference.url] : [];
      return { contradictions, failures, readFrom, reference };
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      failures.set(reference.url, error);
    }
  }
  return { contradictions, failures, readFrom: [], reference: undefined };
}

function differentRoots(sightings: readonly Sighting[], seen: SeenHeads): Contradiction[] {
  const contradictions: Contradiction[] = [];
  const firstOfSize = new Map<number, { url: string; checkpoint: VerifiedCheckpoint }>();
  for (const checkpoint of seen.all) firstOfSize.set(checkpoint.treeSize, { url: BEFORE, checkpoint });
  for (const { url, checkpoint } of sightings) {
    const first = firstOfSize.get(checkpoint.treeSize);
    if (!first) {
      firstOfSize.set(checkpoint.treeSize, { url, checkpoint });
    } else if (!equalBytes(first.checkpoint.root, checkpoint.root)) {
      const misbehaviour = { older: noteOf(first.checkpoint), newer: noteOf(checkpoint) };
      contradictions.push({ url, against: first.url, misbehaviour });
    }
  }
  return contradictions;
}

/** What has to be compared with a head: one of what was seen before stands for all smaller ones. */
function headsBelow(
  { checkpoint: { treeSize } }: Sighting,
  sightings: readonly Sighting[],
  seen: SeenHeads,
): [url: string, checkpoint: VerifiedCheckpoint][] {
  const sizes = new Set<number>([treeSize, ...seen.all.map((head) => head.treeSize)]);
  const heads: [string, VerifiedCheckpoint][] = [];
  const before = seen.upTo(treeSize);
  if (before && before.treeSize < treeSize) heads.push([BEFORE, before]);
  for (const { url, checkpoint } of sightings) {
    // Of one size there is one root: that was compared.
    if (checkpoint.treeSize > treeSize || sizes.has(checkpoint.treeSize)) continue;
    sizes.add(checkpoint.treeSize);
    heads.push([url, checkpoint]);
  }
  return heads;
}

function noteOf({ note }: VerifiedCheckpoint): Uint8Array {
  return formatNote(note.text, note.signatures);
}
