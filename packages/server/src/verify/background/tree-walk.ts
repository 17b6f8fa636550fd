import {
  CompactRange,
  equalBytes,
  HASH_LENGTH_BYTES,
  TILE_WIDTH,
  VerificationError,
  verifyCheckpoint,
  type Hash,
  type LogKeys,
} from "@stele/proof";
import { auditAnchors } from "../../anchor/anchor-audit.ts";
import type { AnchorObjects } from "../../anchor/anchors.ts";
import { parseLogFile } from "../../log/log-key.ts";
import { nativeHasher } from "../../log/native-hasher.ts";
import { entryGroups, readEntryGroup } from "../../search/entry-groups.ts";
import type { SegmentFiles } from "../../search/segment-files.ts";
import type { Segment } from "../../search/segment.ts";
import { auditCommit } from "../commit-audit.ts";
import { appendSegment, compareBlock, neededLeaves } from "../segment-comparison.ts";
import { TreeAudit, type Claim } from "../tree-audit.ts";
import { findingOf, sameFinding, type Finding } from "./finding.ts";
import type { CopiedCommit, CopiedSegment, LogCopy, ReadCommit } from "./log-copy.ts";
import { bridge, emptyRange, type ReferenceTree } from "./reference-tree.ts";

/** Of one walk, the first: where everything is wrong, more would tell nothing. */
const FINDINGS_MAX = 100;

export interface TreeWalkOptions {
  readonly copy: LogCopy;
  /** Of the log. */
  readonly keys: LogKeys;
  readonly tree: ReferenceTree;
  /** Signed notes that are known from elsewhere: the tree of the copy must agree with them, and reach them. */
  readonly known: readonly { readonly place: string; readonly note: Uint8Array }[];
  /** Checkpoints that were kept for good: the tree must agree with them, too. */
  readonly anchors?: AnchorObjects | undefined;
  /** What the copy must have at least. */
  readonly sizeMin: number;
  readonly hashLines: (lines: Uint8Array) => Promise<Uint8Array>;
  /** Does a piece of work, and rests as it is to. */
  readonly pace: <T>(work: () => Promise<T>) => Promise<T>;
  /** Is told of each commit that was read. */
  readonly onCommit: (commit: WalkedCommit) => void;
}

export interface WalkedCommit {
  /** Its entries are `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  /** Where the journal begins to be read. */
  readonly journalStart: number;
}

export interface TreeWalked {
  readonly findings: readonly Finding[];
  readonly treeSize: number;
  /** The newest signed note that the copy has. */
  readonly checkpoint: string | undefined;
  /** What segments' descriptions claim of the tree, to be compared when the segments are read. */
  readonly claims: readonly Claim[];
  readonly commits: number;
}

/**
 * Rebuilds the tree of a copy: from the hashes that its segments state, which are verified when each is read, and from
 * the entries of its journal. Compares it with every checkpoint on the way, and goes on behind what is damaged.
 */
export class TreeWalk {
  readonly #options: TreeWalkOptions;
  readonly #findings: Finding[] = [];
  readonly #stated: Claim[] = [];
  #claims: Claim[] = [];
  #range = emptyRange();
  /** The tree where comparing with the journal begins, and where the journal begins to be read. */
  #journal: CompactRange | undefined;
  #journalStart = 0;
  #checkpoint: string | undefined;
  #commits = 0;

  constructor(options: TreeWalkOptions) {
    this.#options = options;
  }

  /** @throws UnavailableError */
  async run(): Promise<TreeWalked> {
    await this.#checkIdentity();
    for (const { place, note } of this.#options.known) this.#claim(place, note, this.#claims);
    await this.#readAnchors();
    await this.#walkSegments();
    const size = await this.#walkJournal();
    if (!this.#isJournalDamaged) this.#checkEnd(size);
    return {
      findings: this.#findings,
      treeSize: size,
      checkpoint: this.#checkpoint,
      claims: this.#stated,
      commits: this.#commits,
    };
  }

  async #checkIdentity(): Promise<void> {
    const { copy, keys, sizeMin } = this.#options;
    const place = `${copy.place}/log.json`;
    try {
      const bytes = await copy.identity();
      // A mirror that was not begun yet has none, and nothing else either.
      if (!bytes && sizeMin === 0) return;
      const shown = parseLogFile(bytes?.toString() ?? "", place).vkey;
      const vkey = keys.keys[0]?.vkey;
      if (shown === vkey) return;
      this.#note(
        place,
        new VerificationError("key_changed", `${place} shows the key ${shown}, not ${vkey}`, {
          place,
          shown,
          vkey,
        }),
      );
    } catch (error) {
      this.#noteOrThrow(place, error);
    }
  }

  /** Their time-stamps are verified; which authorities are to be trusted, a node does not know. */
  async #readAnchors(): Promise<void> {
    const { anchors } = this.#options;
    if (!anchors) return;
    const place = `${anchors.place}/anchors`;
    try {
      await auditAnchors(anchors, undefined, (note, at) => {
        const claim = this.#claim(at, note, this.#claims);
        if (claim) return claim;
        throw new VerificationError("checkpoint_not_authentic", `${at} is not signed by the log`, {
          place: at,
        });
      });
    } catch (error) {
      this.#noteOrThrow(place, error);
    }
  }

  async #walkSegments(): Promise<void> {
    const { copy, pace } = this.#options;
    const starts = await copy.segmentStarts();
    const newest = await this.#segmentAt(starts.at(-1));
    this.#journalStart = await copy.journalStart(newest);
    // The leaves before are not known here; they are in a segment.
    const aligned = Math.ceil(this.#journalStart / TILE_WIDTH) * TILE_WIDTH;
    // Nothing was trimmed yet: all that was sealed is in the journal, too.
    if (this.#journalStart === 0) this.#journal = emptyRange();
    for (const start of starts) {
      if (start < this.#range.end) {
        this.#note(copy.place, overlap(copy.place, start, this.#range.end));
        continue;
      }
      if (start > this.#range.end) this.#bridgeGap(start);
      if (start !== this.#range.end) break;
      const copied = await pace(() => this.#segmentAt(start));
      if (copied) await this.#takeSegment(copied, aligned);
      else bridge(this.#range, this.#endOf(starts, start), this.#options.tree);
    }
    this.#journal ??= this.#range.clone();
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
      this.#noteOrThrow(place, error);
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
    this.#note(copy.place, error);
    bridge(this.#range, start, tree);
  }

  async #takeSegment({ segment }: CopiedSegment, aligned: number): Promise<void> {
    const { copy, tree } = this.#options;
    const place = copy.placeOf(segment);
    const stated = this.#claim(place, Buffer.from(segment.checkpoint), this.#stated);
    if (stated) this.#claims.push(stated);
    const next = this.#range.clone();
    const isKnown = this.#compareWithNode(segment, place);
    const audit = new TreeAudit(next, (error) => this.#note(place, error));
    const forked = aligned > segment.start && aligned <= segment.end ? audit.fork(aligned, place) : undefined;
    // Of sizes inside, those that segments state are compared when the segment is read.
    const inside = this.#takeClaims(segment.end).filter(
      (claim) => claim.treeSize === segment.end || !this.#stated.includes(claim),
    );
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
    this.#note(
      place,
      new VerificationError("segment_not_authentic", `${place} ${what}`, { place, start: first }),
    );
    return false;
  }

  /** The 256 leaf hashes from `start` on, if the segment's bytes there are those that it states. */
  async #readLeaves(segment: Segment, start: number, place: string): Promise<Uint8Array | undefined> {
    try {
      const leaves = await leavesOf(this.#options.copy.files, segment, start);
      compareBlock(place, segment, start, subtreeHash(leaves));
      return leaves;
    } catch (error) {
      this.#noteOrThrow(place, error);
      return undefined;
    }
  }

  /** Returns the tree size. */
  async #walkJournal(): Promise<number> {
    const { copy, pace } = this.#options;
    const sealed = this.#range;
    let range = this.#journal!;
    for await (const read of copy.commits(this.#journalStart)) {
      const next = await pace(() => this.#takeCommit(range, read, sealed));
      if (!("error" in read)) this.#tell(read);
      if (!next) break;
      range = next;
    }
    if (range.end > this.#range.end) this.#range = range;
    return this.#range.end;
  }

  #tell({ commit }: ReadCommit): void {
    const { start, count, entryLines } = commit;
    const end = start + count;
    const journalStart = this.#journalStart;
    this.#options.onCommit({ start, end, bytes: entryLines.length, journalStart });
  }

  /** The tree behind the commit; undefined where it can't go on. */
  async #takeCommit(
    range: CompactRange,
    read: CopiedCommit,
    sealed: CompactRange,
  ): Promise<CompactRange | undefined> {
    const { copy, keys, hashLines, tree, sizeMin } = this.#options;
    if ("error" in read) {
      this.#noteOrThrow(read.place, read.error);
      return range;
    }
    const { commit, place } = read;
    const end = commit.start + commit.count;
    if (end <= range.end) return range;
    if (commit.start > range.end) {
      // A mirror may get commits out of order.
      if (range.end >= sizeMin) return undefined;
      const what = `${place}: starts with entry ${commit.start}, where entry ${range.end} should be`;
      if (!this.#isJournalDamaged) {
        this.#note(
          copy.place,
          new VerificationError("journal_gap", what, { place, start: commit.start, size: range.end }),
        );
      }
      if (!bridge(range, commit.start, tree)) range = commit.start <= sealed.end ? sealed.clone() : range;
      if (commit.start > range.end) return undefined;
      if (end <= range.end) return range;
    }
    const before = this.#findings.length;
    const next = range.clone();
    const commitRange = { start: commit.start, end };
    const audit = new TreeAudit(next, (error) => this.#note(place, error, commitRange));
    for (const claim of this.#takeClaims(end)) if (claim.treeSize >= range.end) audit.claim(claim);
    // What is in the journal and in a segment is the same.
    if (range.end < sealed.end && sealed.end <= end) {
      audit.claim({
        treeSize: sealed.end,
        root: sealed.root(),
        place: `${place}, compared with the segments`,
      });
    }
    try {
      const hashes = await hashLines(commit.entryLines);
      auditCommit(audit, commit, keys, place, hashes);
      this.#checkpoint = commit.checkpoint;
      this.#commits++;
    } catch (error) {
      this.#noteOrThrow(place, error, commitRange);
    }
    if (this.#findings.length === before) return next;
    if (bridge(range, end, tree)) return range;
    return sealed.end >= end ? sealed.clone() : next;
  }

  /** A gap behind something damaged is told by that. */
  get #isJournalDamaged(): boolean {
    return this.#findings.some(({ code }) => code.startsWith("journal_"));
  }

  #takeClaims(upTo: number): Claim[] {
    const taken = this.#claims.filter(({ treeSize }) => treeSize <= upTo);
    this.#claims = this.#claims.filter(({ treeSize }) => treeSize > upTo);
    return taken;
  }

  /** Verifies a checkpoint, and notes what it says of the tree. */
  #claim(place: string, note: Uint8Array, claims: Claim[]): Claim | undefined {
    try {
      const { treeSize, root } = verifyCheckpoint(note, this.#options.keys);
      const claim = { treeSize, root, place };
      claims.push(claim);
      return claim;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `${place}: its checkpoint is not one that the log signed (${why})`;
      const evidence = { place, note: Buffer.from(note).toString() };
      this.#note(place, new VerificationError("checkpoint_not_authentic", what, evidence));
      return undefined;
    }
  }

  #checkEnd(size: number): void {
    const { copy, sizeMin } = this.#options;
    const audit = new TreeAudit(this.#range, (error) => this.#note(copy.place, error));
    for (const claim of this.#claims) if (claim.treeSize > size) audit.claim(claim);
    audit.finish();
    if (size >= sizeMin) return;
    const what = `${copy.place} has ${size} entries, but had, or has to have, ${sizeMin}: the end was cut off, or an older copy was put in its place`;
    this.#note(
      copy.place,
      new VerificationError("entries_missing", what, { present: size, expected: sizeMin }),
    );
  }

  #note(place: string, error: Error, range?: { readonly start: number; readonly end: number }): void {
    if (this.#findings.length === FINDINGS_MAX) return;
    const finding = findingOf(this.#options.copy.place, place, error, range);
    if (!this.#findings.some((known) => sameFinding(known, finding))) this.#findings.push(finding);
  }

  /** What is false or malformed is a finding; that something can't be had, none. */
  #noteOrThrow(
    place: string,
    error: unknown,
    range?: { readonly start: number; readonly end: number },
  ): void {
    if (error instanceof VerificationError || isMalformed(error)) this.#note(place, error, range);
    else throw error;
  }
}

async function leavesOf(files: SegmentFiles, segment: Segment, start: number): Promise<Uint8Array> {
  const groups = await entryGroups(files, segment);
  const leaves: Uint8Array[] = [];
  for (const group of groups.filter((each) => each.start < start + TILE_WIDTH && each.end > start)) {
    const entries = await readEntryGroup(files, segment, group);
    const wanted = entries.slice(Math.max(0, start - group.start), start + TILE_WIDTH - group.start);
    leaves.push(...wanted.map((entry) => nativeHasher.leaf(entry)));
  }
  return Buffer.concat(leaves);
}

/** Of 256 leaf hashes. */
function subtreeHash(leaves: Uint8Array): Hash {
  const range = new CompactRange({ hasher: nativeHasher });
  for (let i = 0; i < leaves.length; i += HASH_LENGTH_BYTES)
    range.append(leaves.subarray(i, i + HASH_LENGTH_BYTES));
  return range.root();
}

function isMalformed(error: unknown): error is Error {
  return error instanceof Error && error.name === "MalformedError";
}

function overlap(place: string, start: number, end: number): VerificationError {
  return new VerificationError(
    "segment_missing",
    `${place}: a segment begins at entry ${start}, which lies in the one before, which ends at ${end}`,
    { place: `${place}: ${start}`, start, end },
  );
}
