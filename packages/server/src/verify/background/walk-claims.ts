import { VerificationError, verifyCheckpoint, type LogKeys } from "@stele/proof";
import type { Claim } from "../tree-audit.ts";
import type { WalkFindings } from "./walk-findings.ts";

/** What signed checkpoints say of the tree that a walk rebuilds. */
export class WalkClaims {
  readonly #keys: LogKeys;
  readonly #findings: WalkFindings;
  /** Not compared yet. */
  #claims: Claim[] = [];
  readonly #stated: Claim[] = [];

  constructor(keys: LogKeys, findings: WalkFindings) {
    this.#keys = keys;
    this.#findings = findings;
  }

  /** Those that segments' descriptions make. */
  get stated(): readonly Claim[] {
    return this.#stated;
  }

  /** Verifies a checkpoint, and keeps what it says of the tree; undefined, and a finding, if the log did not sign it. */
  add(place: string, note: Uint8Array): Claim | undefined {
    try {
      const { treeSize, root } = verifyCheckpoint(note, this.#keys);
      const claim = { treeSize, root, place };
      this.#claims.push(claim);
      return claim;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `${place}: its checkpoint is not one that the log signed (${why})`;
      const evidence = { place, note: Buffer.from(note).toString() };
      this.#findings.note(place, new VerificationError("checkpoint_not_authentic", what, evidence));
      return undefined;
    }
  }

  /** The same of the checkpoint in a segment's description. */
  addStated(place: string, note: Uint8Array): void {
    const claim = this.add(place, note);
    if (claim) this.#stated.push(claim);
  }

  /** Takes out those of a tree of this size or smaller. */
  take(upTo: number): Claim[] {
    const taken = this.#claims.filter(({ treeSize }) => treeSize <= upTo);
    this.#claims = this.#claims.filter(({ treeSize }) => treeSize > upTo);
    return taken;
  }
}
