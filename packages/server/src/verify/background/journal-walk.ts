import { VerificationError, type CompactRange } from "@stele/proof";
import { auditCommit } from "../commit-audit.ts";
import { TreeAudit } from "../tree-audit.ts";
import type { CopiedCommit } from "./log-copy.ts";
import { bridge } from "./reference-tree.ts";
import type { WalkedSegments } from "./segment-walk.ts";
import type { TreeWalkOptions } from "./tree-walk.ts";
import type { WalkClaims } from "./walk-claims.ts";
import type { WalkFindings } from "./walk-findings.ts";

/** Goes on with the tree of a copy from the entries of its journal, and behind what is damaged. */
export class JournalWalk {
  readonly #options: TreeWalkOptions;
  readonly #findings: WalkFindings;
  readonly #claims: WalkClaims;
  #checkpoint: string | undefined;

  constructor(options: TreeWalkOptions, findings: WalkFindings, claims: WalkClaims) {
    this.#options = options;
    this.#findings = findings;
    this.#claims = claims;
  }

  /** Returns the whole tree, and the checkpoint of the newest commit that is as it should be. @throws UnavailableError */
  async run({ sealed, journal, journalStart }: WalkedSegments): Promise<{
    readonly range: CompactRange;
    readonly checkpoint: string | undefined;
  }> {
    const { copy, pace, onCommit } = this.#options;
    let range = journal;
    for await (const read of copy.commits(journalStart)) {
      const next = await pace(() => this.#takeCommit(range, read, sealed));
      if (!("error" in read)) {
        const { start, count, entryLines } = read.commit;
        onCommit({ start, end: start + count, bytes: entryLines.length, journalStart });
      }
      if (!next) break;
      range = next;
    }
    return { range: range.end > sealed.end ? range : sealed, checkpoint: this.#checkpoint };
  }

  /** The tree behind the commit; undefined where it can't go on. */
  async #takeCommit(
    range: CompactRange,
    read: CopiedCommit,
    sealed: CompactRange,
  ): Promise<CompactRange | undefined> {
    const { copy, keys, hashLines, tree, sizeMin } = this.#options;
    if ("error" in read) {
      this.#findings.noteOrThrow(read.place, read.error);
      return range;
    }
    const { commit, place } = read;
    const end = commit.start + commit.count;
    if (end <= range.end) return range;
    if (commit.start > range.end) {
      // A mirror may get commits out of order.
      if (range.end >= sizeMin) return undefined;
      const what = `${place}: starts with entry ${commit.start}, where entry ${range.end} should be`;
      if (!this.#findings.isJournalDamaged) {
        this.#findings.note(
          copy.place,
          new VerificationError("journal_gap", what, { place, start: commit.start, size: range.end }),
        );
      }
      if (!bridge(range, commit.start, tree)) range = commit.start <= sealed.end ? sealed.clone() : range;
      if (commit.start > range.end) return undefined;
      if (end <= range.end) return range;
    }
    const before = this.#findings.all.length;
    const next = range.clone();
    const commitRange = { start: commit.start, end };
    const audit = new TreeAudit(next, (error) => this.#findings.note(place, error, commitRange));
    for (const claim of this.#claims.take(end)) if (claim.treeSize >= range.end) audit.claim(claim);
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
    } catch (error) {
      this.#findings.noteOrThrow(place, error, commitRange);
    }
    if (this.#findings.all.length === before) return next;
    if (bridge(range, end, tree)) return range;
    return sealed.end >= end ? sealed.clone() : next;
  }
}
