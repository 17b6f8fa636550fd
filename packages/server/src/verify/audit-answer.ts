import { SteleError, UnavailableError, VerificationError } from "@stele/proof";

/** What a thread or a process of its own answers: errors lose their class and code on the way. */
export type AuditAnswer<T> = { readonly value: T } | { readonly failure: AuditFailure };

interface AuditFailure {
  readonly code: string;
  readonly message: string;
  /** Of a VerificationError. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** Never rejects. */
export async function answerOf<T>(work: () => Promise<T>): Promise<AuditAnswer<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof SteleError ? error.code : "verifier_failed";
    const evidence = error instanceof VerificationError ? { evidence: error.evidence } : {};
    return { failure: { code, message, ...evidence } };
  }
}

/** @throws VerificationError, or UnavailableError: what the other side threw */
export function valueOf<T>(answer: AuditAnswer<T>): T {
  if ("value" in answer) return answer.value;
  const { code, message, evidence } = answer.failure;
  if (evidence) throw new VerificationError(code, message, evidence);
  throw new UnavailableError(code, message);
}
