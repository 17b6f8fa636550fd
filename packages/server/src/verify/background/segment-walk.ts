import {
  equalBytes,
  HASH_LENGTH_BYTES,
  rootOfLeaves,
  TILE_WIDTH,
  VerificationError,
  type CompactRange,
  type Hash,
} from "@stele/proof";
import { nativeHasher } from "../../log/native-hasher.ts";
import { entryGroups, readEntryGroup } from "../../search/entry-groups.ts";
import type { SegmentFiles } from "../../search/segment-files.ts";
import type { Segment } from "../../search/segment.ts";
import { appendSegment, compareBlock, neededLeaves } from "../segment-comparison.ts";
import { TreeAudit } from "../tree-audit.ts";
import type { CopiedSegment } from "./log-copy.ts";
import { bridge, emptyRange } from "./reference-tree.ts";
import type { TreeWalkOptions } from "./tree-walk.ts";
import type { WalkClaims } from "./walk-claims.ts";
import type { WalkFindings } from "./walk-findings.ts";

export interface WalkedSegments {
  /** The tree behind the last segment. */
  readonly sealed: CompactRange;
  /** The tree where comparing with the journal begins. */
  readonly journal: CompactRange;
  /** Where the journal begins to be read. */
  readonly journalStart: number;
}

/** Rebuilds the tree of a copy from the hashes that its segments state, and goes on behind what is damaged. */
export class SegmentWalk {
  readonly #options: Pick<TreeWalkOptions, "copy" | "tree" | "pace">;
  readonly #findings: WalkFindings;
  readonly #claims: WalkClaims;
  #range = emptyRange();
  #journal: CompactRange | undefined;

  constructor(
    options: Pick<TreeWalkOptions, "copy" | "tree" | "pace">,
    findings: WalkFindings,
    claims: WalkClaims,
  ) {
    this.#options = options;
    this.#findings = findings;
    this.#claims = claims;
  }

  /** @throws UnavailableError */
  async run(): Promise<WalkedSegments> {
    const { copy, pace } = this.#options;
    const starts = await copy.segmentStarts();
    const newest = await this.#segmentAt(starts.at(-1));
    const journalStart = await copy.journalStart(newest);
    // The leaves before are not known here; they are in a segment.
    const aligned = Math.ceil(journalStart / TILE_WIDTH) * TILE_WIDTH;
    // Nothing was trimmed yet: all that was sealed is in the journal, too.
    if (journalStart === 0) this.#journal = emptyRange();
    for (const start of starts) {
      if (start < this.#range.end) {
        this.#findings.note(copy.place, overlap(copy.place, start, this.#range.end));
        continue;
      }
      if (start > this.#range.end) this.#bridgeGap(start);
      if (start !== this.#range.end) break;
      const copied = await pace(() => this.#segmentAt(start));
      if (copied) await this.#takeSegment(copied, aligned);
      else bridge(this.#range, this.#endOf(starts, start), this.#options.tree);
    }
    return { sealed: this.#range, journal: this.#journal ?? this.#range.clone(), journalStart };
  }

  /** Undefined if it is damaged or gone, which was noted then. */
  async #segmentAt(start: number | undefined): Promise<CopiedSegment | undefined> {
    if (start === undefined) return undefined;
    const { copy } = this.#options;
    const place = `${copy.place}: the segment from entry ${start} on`;
    try {
      const copied = await copy.segment(start);
      if (copied?.segment.start === start) return copied;
      throw new VerificationError("segment_missing", `${place} is gone`, { place, start });
    } catch (error) {
      this.#findings.noteOrThrow(place, error);
      return undefined;
    }
  }

  #endOf(starts: readonly number[], start: number): number {
    return starts.find((next) => next > start) ?? start;
  }

  #bridgeGap(start: number): void {
    const { copy, tree } = this.#options;
    const { end } = this.#range;
    const error = new VerificationError(
      "segment_missing",
      `${copy.place}: the segments go up to entry ${end}, but the next begins at ${start}. Restore what is missing from a copy`,
      { place: `${copy.place}: [${end}, ${start})`, end, next: start },
    );
    this.#findings.note(copy.place, error);
    bridge(this.#range, start, tree);
  }

  async #takeSegment({ segment }: CopiedSegment, aligned: number): Promise<void> {
    const { copy, tree } = this.#options;
    const place = copy.placeOf(segment);
    this.#claims.addStated(place, Buffer.from(segment.checkpoint));
    const next = this.#range.clone();
    const isKnown = this.#compareWithNode(segment, place);
    const audit = new TreeAudit(next, (error) => this.#findings.note(place, error));
    const forked = aligned > segment.start && aligned <= segment.end ? audit.fork(aligned, place) : undefined;
    // Of sizes inside, those that segments state are compared when the segment is read.
    const inside = this.#claims
      .take(segment.end)
      .filter((claim) => claim.treeSize === segment.end || !this.#claims.stated.includes(claim));
    if (isKnown) for (const claim of inside) audit.claim(claim);
    const leafHashes = new Map<number, Uint8Array>();
    for (const start of neededLeaves(audit, segment)) {
      const leaves = await this.#readLeaves(segment, start, place);
      if (leaves) leafHashes.set(start, leaves);
      else audit.passOver(start, start + TILE_WIDTH);
    }
    const entries = segment.end - segment.start;
    appendSegment(audit, segment, { subtreeHashes: segment.subtreeHashes, leafHashes, entries, bytes: 0 });
    if (!isKnown && bridge(this.#range, segment.end, tree)) return;
    this.#range = next;
    if (forked?.audit) this.#journal = forked.audit.range;
  }

  /** A segment that is signed, and yet another one: the node has verified what belongs there. */
  #compareWithNode({ start, end, subtreeHashes }: Segment, place: string): boolean {
    const { tree } = this.#options;
    if (end > tree.size) return true;
    const expected = tree.subtreeHashes(start, end);
    if (equalBytes(expected, subtreeHashes)) return true;
    const at = expected.findIndex((byte, i) => byte !== subtreeHashes[i]);
    const first = start + Math.floor(at / HASH_LENGTH_BYTES) * TILE_WIDTH;
    const what = `states other entries than those that the log has, first in [${first}, ${first + TILE_WIDTH})`;
    this.#findings.note(
      place,
      new VerificationError("segment_not_authentic", `${place} ${what}`, { place, start: first }),
    );
    return false;
  }

  /** The 256 leaf hashes from `start` on, if the segment's bytes there are those that it states. */
  async #readLeaves(segment: Segment, start: number, place: string): Promise<Uint8Array | undefined> {
    try {
      const leaves = await leavesOf(this.#options.copy.files, segment, start);
      compareBlock(place, segment, start, rootOfLeaves(leaves, nativeHasher));
      return Buffer.concat(leaves);
    } catch (error) {
      this.#findings.noteOrThrow(place, error);
      return undefined;
    }
  }
}

async function leavesOf(files: SegmentFiles, segment: Segment, start: number): Promise<Hash[]> {
  const groups = await entryGroups(files, segment);
  const leaves: Hash[] = [];
  for (const group of groups.filter((each) => each.start < start + TILE_WIDTH && each.end > start)) {
    const entries = await readEntryGroup(files, segment, group);
    const wanted = entries.slice(Math.max(0, start - group.start), start + TILE_WIDTH - group.start);
    leaves.push(...wanted.map((entry) => nativeHasher.leaf(entry)));
  }
  return leaves;
}

function overlap(place: string, start: number, end: number): VerificationError {
  return new VerificationError(
    "segment_missing",
    `${place}: a segment begins at entry ${start}, which lies in the one before, which ends at ${end}`,
    { place: `${place}: ${start}`, start, end },
  );
}
