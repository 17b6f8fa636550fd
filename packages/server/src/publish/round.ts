import type { NoteSignature, PolicyWitness } from "@stele/proof";
import type { SignedTreeHead } from "../log/audit-log.ts";

/** A committed head that witnesses are asked to cosign, and who has. */
export interface Round extends SignedTreeHead {
  /** On the monotonic clock. */
  readonly startedMs: number;
  readonly cosignatures: Map<PolicyWitness, NoteSignature>;
}
