import { MalformedError, type Hash } from "@stele/proof";
import type { ProofQuestion } from "./check-proof.ts";
import type { ProofReport } from "./proof-report.ts";

// What the page and its worker say to each other: plain values only.

/** An answer that was none. */
export interface Unreadable {
  readonly code: string;
  readonly unreadable: string;
}

export type ToWorker =
  | { readonly kind: "check"; readonly question: Omit<ProofQuestion, "askConsistency"> }
  | { readonly kind: "consistency"; readonly answer: readonly Hash[] | Unreadable };

export type FromWorker =
  | { readonly kind: "ask"; readonly from: number; readonly to: number }
  | { readonly kind: "report"; readonly report: ProofReport }
  /** A mistake of this page. */
  | { readonly kind: "broken"; readonly message: string };

export function isUnreadable(value: unknown): value is Unreadable {
  return typeof value === "object" && value !== null && "unreadable" in value;
}

/** The value, if there is one. @throws MalformedError with what is known of why there is none */
export function readable<T>(value: T | Unreadable): T {
  if (isUnreadable(value)) throw new MalformedError(value.code, value.unreadable);
  return value;
}
