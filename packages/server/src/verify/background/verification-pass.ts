import { createHash } from "node:crypto";
import { MalformedError, UnavailableError, VerificationError, type CompactRange } from "@stele/proof";
import { corruptSegment, type Segment } from "../../search/segment.ts";
import { TimeAudit } from "../time-audit.ts";
import type { Claim } from "../tree-audit.ts";
import { findingOf, sameFinding, type Finding } from "./finding.ts";
import type { LogCopy } from "./log-copy.ts";
import { checkLocal, LOCAL } from "./local-check.ts";
import type { Pace } from "./pace.ts";
import { PassMeter } from "./pass-meter.ts";
import { bridge, emptyRange } from "./reference-tree.ts";
import { checkSegment, type CheckedSegment } from "./segment-check.ts";
import { TreeWalk, type TreeWalked } from "./tree-walk.ts";
import { confirmed, type VerificationLog } from "./verification-log.ts";
import type { PassProgress } from "./verifier-state.ts";
import type { VerificationOptions, VerifiedCopy } from "./verified-log.ts";

/** So many segments that follow each other are taken on together. */
const GROUP_SEGMENTS = 16;
/** Each node reads one group of so many, whoever else does: none has to believe the others for ever. */
const OWN_SHARE = 8;
const SAVE_MS = 5_000;
/** Reading a sealed entry again and comparing its columns, in those that are hashed from the journal. */
const SEGMENT_COST = 3;

/** One pass over everything that is stored of a log, which goes on where it was left after a restart. */
export class VerificationPass {
  readonly #options: VerificationOptions;
  readonly #found: VerificationLog;
  readonly #pace: Pace;
  readonly #signal: AbortSignal;
  /** All of it, whatever other nodes do. */
  readonly #isAlone: boolean;
  readonly #findings: Finding[] = [];
  readonly #times = new TimeAudit();
  readonly #claimed: Set<string>;
  readonly #positions: Record<string, number>;
  readonly #pass: Pick<PassProgress, "startedMs" | "period">;
  readonly #endMs: number;
  readonly #meter = new PassMeter();
  #doneBytes = 0;
  #failure: UnavailableError | undefined;
  #savedMs = -Infinity;

  constructor(
    options: VerificationOptions,
    found: VerificationLog,
    pace: Pace,
    progress: PassProgress,
    {
      isAlone,
      endMs,
      signal,
    }: { readonly isAlone: boolean; readonly endMs: number; readonly signal: AbortSignal },
  ) {
    this.#options = options;
    this.#found = found;
    this.#pace = pace;
    this.#signal = signal;
    this.#isAlone = isAlone || !options.log.isShared;
    this.#pass = progress;
    this.#positions = { ...progress.positions };
    this.#claimed = new Set(progress.claimed);
    this.#endMs = endMs;
  }

  /** What of it is done, 0 to 1. */
  get progress(): number {
    return this.#meter.progress;
  }

  /** A leaf index, in the copy that is being read. */
  get position(): number {
    return this.#meter.position;
  }

  /** @returns what is not as it should be @throws UnavailableError: it can go on later */
  async run(): Promise<readonly Finding[]> {
    const pace = async <T>(work: () => Promise<T>): Promise<T> =>
      await this.#pace.work(0, work, this.#signal);
    const units = this.#plan();
    this.#meter.enter(units.local);
    const local = await checkLocal(this.#options, pace, (fraction, at, to) => {
      this.#found.read(to - at, 0);
      this.#meter.at(fraction, to);
    });
    this.#findings.push(...local.findings);
    await this.#found.looked(LOCAL, ["local"], local.findings);
    const claims = new Map<VerifiedCopy, readonly Claim[]>();
    await this.#each(async (verified) => {
      this.#meter.enter(units.walk);
      const walked = await walkTree(this.#options, this.#found, verified, pace, this.#findings, this.#meter);
      claims.set(verified, walked.claims);
    });
    await this.#each(async (verified) => {
      this.#meter.enter(units.reread);
      await this.#reread(verified, claims.get(verified) ?? []);
    });
    if (this.#failure) throw this.#failure;
    this.#found.lookedAtTimes(this.#times.implausible(this.#options.clock.nowMs()));
    return eachOnce(this.#findings);
  }

  /** About how long each stage is, in entries that are hashed. */
  #plan(): { readonly local: number; readonly walk: number; readonly reread: number } {
    const { log } = this.#options;
    const { treeSize } = log.head();
    const sealedSize = log.segments().at(-1)?.end ?? 0;
    const local = treeSize - sealedSize;
    const walk = Math.max(0, treeSize - log.journalStart());
    const reread = SEGMENT_COST * sealedSize;
    this.#meter.plan(local + log.copies.length * (walk + reread));
    return { local, walk, reread };
  }

  /** A copy that is out keeps none of the others from being read; but the pass is not done then. */
  async #each(work: (verified: VerifiedCopy) => Promise<void>): Promise<void> {
    for (const verified of this.#options.log.copies) {
      try {
        await work(verified);
      } catch (error) {
        if (!(error instanceof UnavailableError) || this.#signal.aborted) throw error;
        this.#failure = error;
      }
    }
  }

  async #reread({ copy, sizeMin }: VerifiedCopy, stated: readonly Claim[]): Promise<void> {
    const { log } = this.#options;
    const from = this.#positions[copy.place] ?? 0;
    let range: CompactRange | undefined = emptyRange();
    for (const [i, segment] of log.segments().entries()) {
      this.#signal.throwIfAborted();
      const { start, end, lengthBytes } = segment;
      const group = Math.floor(i / GROUP_SEGMENTS);
      if (start >= from && end <= sizeMin() && (await this.#isMine(copy, group))) {
        this.#meter.at(start / log.segments().at(-1)!.end, start);
        this.#pace.aim(this.#totalBytes - this.#doneBytes, this.#endMs - this.#options.clock.nowMs());
        const claims = stated.filter(({ treeSize }) => treeSize > start && treeSize <= end);
        await this.#pace.work(
          lengthBytes,
          () => this.#rereadSegment(copy, segment, range!, claims),
          this.#signal,
        );
      }
      if (!bridge(range, end, log.tree)) range = undefined;
      if (!range) return;
      this.#doneBytes += lengthBytes;
      this.#positions[copy.place] = Math.max(from, end);
      await this.#save();
    }
  }

  async #rereadSegment(
    copy: LogCopy,
    { start, end }: Segment,
    range: CompactRange,
    claims: readonly Claim[],
  ): Promise<void> {
    const sealedSize = this.#options.log.segments().at(-1)!.end;
    let counted = 0;
    const told = (fraction: number): void => {
      const at = start + Math.floor(fraction * (end - start));
      this.#meter.at(at / sealedSize, at);
      if (at - start <= counted) return; // the second look at a finding
      this.#found.read(at - start - counted, 0);
      counted = at - start;
    };
    const check = async (): Promise<CheckedSegment> => {
      const place = `${copy.place}: the segment from entry ${start} on`;
      try {
        const copied = await copy.segment(start);
        // Whether it has to be there, the tree tells: a mirror may have its commits, and not yet the segment.
        if (!copied) return { findings: [], entries: 0, bytes: 0 };
        const { origin } = copied.segment;
        if (origin !== this.#options.log.origin) {
          throw corruptSegment(copy.placeOf(copied.segment), `it says that it is of ${origin}`);
        }
        return await checkSegment(copy, copied, this.#options.process, range, claims, told);
      } catch (error) {
        if (!(error instanceof VerificationError) && !(error instanceof MalformedError)) throw error;
        return { findings: [findingOf(copy.place, place, error)], entries: 0, bytes: 0 };
      }
    };
    const { findings, entries, bytes, times } = await confirmed(check);
    if (copy === this.#options.log.copies[0]!.copy) this.#times.part(times);
    this.#findings.push(...findings);
    this.#found.read(Math.max(0, entries - counted), bytes);
    const place = copy.placeOf(this.#options.log.segments().find((each) => each.start === start)!);
    await this.#found.looked(copy.place, ["segment"], findings, place);
  }

  async #isMine(copy: LogCopy, group: number): Promise<boolean> {
    if (this.#isAlone) return true;
    const { node } = this.#found.state.content;
    const { period } = this.#pass;
    if ((group + period + Number.parseInt(node.slice(0, 6), 16)) % OWN_SHARE === 0) return true;
    const place = createHash("sha256").update(copy.place).digest("hex").slice(0, 8);
    const work = `verify-${place}-${group}`;
    if (this.#claimed.has(work)) return true;
    if (this.#unclaimed.has(work)) return false;
    if (!(await this.#options.log.claim(work, period))) {
      this.#unclaimed.add(work);
      return false;
    }
    this.#claimed.add(work);
    this.#savedMs = -Infinity;
    await this.#save();
    return true;
  }

  /** Groups that another node has taken on. */
  readonly #unclaimed = new Set<string>();

  get #totalBytes(): number {
    const { log } = this.#options;
    return log.copies.length * log.segments().reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  }

  async #save(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#savedMs < SAVE_MS) return;
    this.#savedMs = nowMs;
    const { startedMs, period } = this.#pass;
    await this.#found.state.update({
      pass: { startedMs, period, positions: { ...this.#positions }, claimed: [...this.#claimed] },
    });
  }
}

/** What was found on the way and again when all of it was read is one finding; the later one knows the place best. */
function eachOnce(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding, i) => !findings.slice(i + 1).some((later) => sameFinding(finding, later)));
}

/** Looks at the tree of one copy, and remembers it unless something is wrong. @throws UnavailableError */
export async function walkTree(
  { log, process }: VerificationOptions,
  found: VerificationLog,
  { copy, sizeMin, anchors }: VerifiedCopy,
  pace: <T>(work: () => Promise<T>) => Promise<T>,
  findings: Finding[],
  meter = new PassMeter(),
): Promise<TreeWalked> {
  const unreadable: Finding[] = [];
  const walked = await confirmed(async () => {
    unreadable.length = 0;
    const known = [];
    try {
      const note = await found.state.recall(copy.place);
      if (note !== undefined) {
        known.push({ place: `The checkpoint last verified of ${copy.place}`, note: Buffer.from(note) });
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      unreadable.push(findingOf(copy.place, `What was remembered of ${copy.place}`, error));
    }
    const mark = await copy.acknowledged();
    if (mark) known.push(mark);
    const { head, ...rest } = log;
    const { treeSize, note } = head();
    if (copy === log.copies[0]!.copy && treeSize > 0)
      known.push({ place: "The acknowledged checkpoint", note });
    return await new TreeWalk({
      ...rest,
      copy,
      known,
      anchors,
      sizeMin: sizeMin(),
      hashLines: (lines) => process.hashLines(lines),
      pace,
      onCommit: ({ start, end, bytes, journalStart }) => {
        found.read(end - start, bytes);
        meter.at((end - journalStart) / Math.max(1, treeSize - journalStart), end);
      },
    }).run();
  });
  const all = [...walked.findings, ...unreadable];
  findings.push(...all);
  await found.looked(copy.place, ["tree", "commit"], all);
  if (all.length === 0 && walked.checkpoint !== undefined) {
    await found.state.remember(copy.place, log.vkey(), walked.checkpoint);
  }
  return walked;
}
