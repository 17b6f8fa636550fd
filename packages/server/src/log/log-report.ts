import type { LogKeys } from "@stele/proof";
import type { MirrorsReport } from "../mirror/log-mirrors.ts";
import type { Segment } from "../search/segment.ts";
import type { CutTail } from "../store/file-journal.ts";

/** What a log does or suffers in the background. */
export type LogReport =
  | { readonly kind: "tail_cut"; readonly cut: CutTail }
  | { readonly kind: "sealed"; readonly segment: Segment; readonly seconds: number }
  /** It can't go on from what it knows and has to be opened anew. */
  | { readonly kind: "stale"; readonly error: unknown }
  | { readonly kind: "recovered"; readonly what: string }
  /** Nothing can be committed: no signature is to be had. Told once, until one is. */
  | { readonly kind: "signer_failed"; readonly error: unknown }
  | { readonly kind: "signer_recovered" }
  | { readonly kind: "keys_changed"; readonly keys: LogKeys }
  | { readonly kind: "policy_changed"; readonly witnesses: number }
  | MirrorsReport
  | { readonly kind: "failed"; readonly what: string; readonly error: unknown };
