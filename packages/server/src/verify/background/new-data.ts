import {
  equalBytes,
  HASH_LENGTH_BYTES,
  UnavailableError,
  VerificationError,
  verifyCheckpoint,
} from "@stele/proof";
import type { SignedTreeHead } from "../../log/audit-log.ts";
import { Bell } from "../../mirror/bell.ts";
import { findingOf, type Finding } from "./finding.ts";
import type { LogCopy, ReadCommit } from "./log-copy.ts";
import type { Pace } from "./pace.ts";
import { emptyRange, firstDifference } from "./reference-tree.ts";
import { checkSegment } from "./segment-check.ts";
import { confirmed, type VerificationLog } from "./verification-log.ts";
import type { VerificationOptions, VerifiedCopy } from "./verified-log.ts";

/** A commit that this node made, and the head that it acknowledged with it. */
interface NewCommit {
  readonly start: number;
  readonly end: number;
  readonly root: Uint8Array;
}

/** More commits than these are left to the pass over everything: bounds the memory. */
const COMMITS_MAX = 4_096;
/** So many are looked at in one go. */
const COMMITS_AT_ONCE = 64;
/** Before what was just written is read again; and between two looks at what others bring to mirrors. */
const PAUSE_MS = 1_000;

/** Reads again what is new: each commit of this node, and each segment, soon after it was stored. */
export class NewData {
  readonly #options: VerificationOptions;
  readonly #found: VerificationLog;
  readonly #pace: Pace;
  readonly #signal: AbortSignal;
  readonly #bell = new Bell();
  /** Of each copy, what is still to be looked at. */
  readonly #commits = new Map<LogCopy, NewCommit[]>();
  /** Of each copy: segments below were looked at. */
  readonly #segments = new Map<LogCopy, number>();

  constructor(options: VerificationOptions, found: VerificationLog, pace: Pace, signal: AbortSignal) {
    this.#options = options;
    this.#found = found;
    this.#pace = pace;
    this.#signal = signal;
    const sealedSize = options.log.segments().at(-1)?.end ?? 0;
    for (const { copy } of options.log.copies) {
      this.#commits.set(copy, []);
      this.#segments.set(copy, sealedSize);
    }
    signal.addEventListener("abort", () => this.#bell.ring());
  }

  /** Returns at once. */
  committed(start: number, { treeSize, root }: SignedTreeHead): void {
    const { log } = this.#options;
    if (!log.isOwn("commit", start)) return;
    for (const queue of this.#commits.values()) {
      queue.push({ start, end: treeSize, root });
      if (queue.length > COMMITS_MAX) queue.shift();
    }
    this.#bell.ring();
  }

  sealed(): void {
    this.#bell.ring();
  }

  /** Runs until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, onFailure } = this.#options;
    while (!this.#signal.aborted) {
      this.#bell.rearm();
      if (!this.#isPending) await this.#bell.rung();
      await clock.sleep(PAUSE_MS, this.#signal);
      try {
        await this.look();
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!(error instanceof UnavailableError)) onFailure(error);
      }
    }
  }

  /** Looks at what is there now. @throws UnavailableError */
  async look(): Promise<void> {
    for (const verified of this.#options.log.copies) {
      await this.#lookAtCommits(verified);
      await this.#lookAtSegments(verified);
    }
  }

  get #isPending(): boolean {
    const sealedSize = this.#options.log.segments().at(-1)?.end ?? 0;
    return (
      [...this.#commits.values()].some(({ length }) => length > 0) ||
      [...this.#segments.values()].some((size) => size < sealedSize)
    );
  }

  async #lookAtCommits({ copy, sizeMin }: VerifiedCopy): Promise<void> {
    const queue = this.#commits.get(copy)!;
    while (!this.#signal.aborted) {
      const due = queue.slice(0, COMMITS_AT_ONCE).filter(({ end }) => end <= sizeMin());
      if (due.length === 0) return;
      const { findings } = await confirmed(() => this.#checkCommits(copy, due));
      await this.#found.found(findings, "commit");
      queue.splice(0, queue.findIndex(({ start }) => start > due.at(-1)!.start) >>> 0);
    }
  }

  async #checkCommits(
    copy: LogCopy,
    due: readonly NewCommit[],
  ): Promise<{ readonly findings: readonly Finding[] }> {
    const findings: Finding[] = [];
    const missing = new Map(due.map((commit) => [commit.start, commit]));
    let isDamaged = false;
    for await (const read of copy.commitsAt(due.map(({ start }) => start))) {
      if ("error" in read) {
        findings.push(findingOf(copy.place, read.place, read.error));
        isDamaged = true;
        continue;
      }
      const expected = missing.get(read.commit.start);
      missing.delete(read.commit.start);
      if (!expected) continue;
      const finding = await this.#pace.work(0, () => this.#checkCommit(copy, read, expected), this.#signal);
      if (finding) findings.push(finding);
    }
    const sealedSize = this.#options.log.segments().at(-1)?.end ?? 0;
    for (const { start, end } of isDamaged ? [] : missing.values()) {
      if (end <= sealedSize) continue; // trimmed since
      const place = `${copy.place}: the commit from entry ${start} on`;
      const error = new VerificationError("journal_gap", `${place} is gone, and its entries are not sealed`, {
        place,
      });
      findings.push(findingOf(copy.place, place, error));
    }
    return { findings };
  }

  async #checkCommit(
    copy: LogCopy,
    { commit, place }: ReadCommit,
    { start, end, root }: NewCommit,
  ): Promise<Finding | undefined> {
    const { log, process } = this.#options;
    try {
      const signed = verifyCheckpoint(Buffer.from(commit.checkpoint), log.keys);
      const hashes = await process.hashLines(commit.entryLines);
      const at = firstDifference(hashes, start, log.tree);
      const count = hashes.length / HASH_LENGTH_BYTES;
      if (
        at === undefined &&
        count === end - start &&
        signed.treeSize === end &&
        equalBytes(signed.root, root)
      ) {
        this.#found.read(count, commit.entryLines.length);
        return undefined;
      }
      const what =
        at === undefined
          ? `it is of ${count} entries and a tree of ${signed.treeSize}, not those that were acknowledged`
          : `its entry ${at} is not the one that was acknowledged`;
      throw new VerificationError("journal_corrupt", `The commit ${place} was changed since: ${what}`, {
        place,
        leafIndex: at,
        acknowledged: { treeSize: end, root },
        found: { treeSize: signed.treeSize, root: signed.root },
      });
    } catch (error) {
      if (!(error instanceof Error) || error instanceof UnavailableError) throw error;
      return findingOf(copy.place, place, error, { start, end });
    }
  }

  /** Of what other nodes sealed, they look at it; and each of them at a part of all, in the pass over everything. */
  async #lookAtSegments({ copy, sizeMin }: VerifiedCopy): Promise<void> {
    const { log, process } = this.#options;
    for (const { start, end } of log.segments()) {
      if (start < this.#segments.get(copy)! || this.#signal.aborted) continue;
      if (end > sizeMin()) return;
      if (log.isOwn("segment", start)) {
        const copied = await copy.segment(start);
        if (!copied) return; // a mirror may have its commits, and not yet the segment
        const place = copy.placeOf(copied.segment);
        const check = async () => await checkSegment(copy, copied, process, emptyRange(), []);
        const { findings, entries, bytes } = await this.#pace.work(0, () => confirmed(check), this.#signal);
        this.#found.read(entries, bytes);
        await this.#found.looked(copy.place, ["segment"], findings, place);
      }
      this.#segments.set(copy, end);
    }
  }
}
