import { VerificationError, type CompactRange, type LogKeys } from "@stele/proof";
import { auditAnchors } from "../../anchor/anchor-audit.ts";
import type { AnchorObjects } from "../../anchor/anchors.ts";
import { parseLogFile } from "../../log/log-key.ts";
import { TreeAudit, type Claim } from "../tree-audit.ts";
import type { Finding } from "./finding.ts";
import { JournalWalk } from "./journal-walk.ts";
import type { LogCopy } from "./log-copy.ts";
import type { ReferenceTree } from "./reference-tree.ts";
import { SegmentWalk } from "./segment-walk.ts";
import { WalkClaims } from "./walk-claims.ts";
import { WalkFindings } from "./walk-findings.ts";

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
}

/**
 * Rebuilds the tree of a copy: from the hashes that its segments state, which are verified when each is read, and from
 * the entries of its journal. Compares it with every checkpoint on the way, and goes on behind what is damaged.
 */
export class TreeWalk {
  readonly #options: TreeWalkOptions;
  readonly #findings: WalkFindings;
  readonly #claims: WalkClaims;

  constructor(options: TreeWalkOptions) {
    this.#options = options;
    this.#findings = new WalkFindings(options.copy.place);
    this.#claims = new WalkClaims(options.keys, this.#findings);
  }

  /** @throws UnavailableError */
  async run(): Promise<TreeWalked> {
    await this.#checkIdentity();
    for (const { place, note } of this.#options.known) this.#claims.add(place, note);
    await this.#readAnchors();
    const segments = await new SegmentWalk(this.#options, this.#findings, this.#claims).run();
    const { range, checkpoint } = await new JournalWalk(this.#options, this.#findings, this.#claims).run(
      segments,
    );
    if (!this.#findings.isJournalDamaged) this.#checkEnd(range);
    return {
      findings: this.#findings.all,
      treeSize: range.end,
      checkpoint,
      claims: this.#claims.stated,
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
      this.#findings.note(
        place,
        new VerificationError("key_changed", `${place} shows the key ${shown}, not ${vkey}`, {
          place,
          shown,
          vkey,
        }),
      );
    } catch (error) {
      this.#findings.noteOrThrow(place, error);
    }
  }

  /** Their time-stamps are verified; which authorities are to be trusted, a node does not know. */
  async #readAnchors(): Promise<void> {
    const { anchors } = this.#options;
    if (!anchors) return;
    const place = `${anchors.place}/anchors`;
    try {
      await auditAnchors(anchors, undefined, (note, at) => {
        const claim = this.#claims.add(at, note);
        if (claim) return claim;
        throw new VerificationError("checkpoint_not_authentic", `${at} is not signed by the log`, {
          place: at,
        });
      });
    } catch (error) {
      this.#findings.noteOrThrow(place, error);
    }
  }

  #checkEnd(range: CompactRange): void {
    const { copy, sizeMin } = this.#options;
    const size = range.end;
    const audit = new TreeAudit(range, (error) => this.#findings.note(copy.place, error));
    for (const claim of this.#claims.take(Number.MAX_SAFE_INTEGER))
      if (claim.treeSize > size) audit.claim(claim);
    audit.finish();
    if (size >= sizeMin) return;
    const what = `${copy.place} has ${size} entries, but had, or has to have, ${sizeMin}: the end was cut off, or an older copy was put in its place`;
    this.#findings.note(
      copy.place,
      new VerificationError("entries_missing", what, { present: size, expected: sizeMin }),
    );
  }
}
