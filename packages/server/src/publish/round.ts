import type { NoteSignature } from "@stele/proof";
import type { SignedTreeHead } from "../log/audit-log.ts";

/** A committed head that witnesses are asked to cosign, and who has. */
export interface Round extends SignedTreeHead {
  /** On the monotonic clock. */
  readonly startedMs: number;
  /** By the witness's vkey: a policy that is changed meanwhile may name it again. */
  readonly cosignatures: Map<string, NoteSignature>;
}
