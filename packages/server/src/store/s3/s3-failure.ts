import { S3ServiceException } from "@aws-sdk/client-s3";

/**
 * What a refusal or a failure of S3 means.
 *
 * - `exists`, `absent`, `range`: an answer to the question that was asked.
 * - `conflict`: a write of somebody else was under way; nothing landed.
 * - `busy`: it asks for less.
 * - `denied`: rights, credentials, no such bucket, or a request that this store does not take: trying again is useless.
 * - `lost`: no answer, or none that tells. What was asked for may have been done, or be done later.
 */
export type S3FailureKind = "exists" | "absent" | "range" | "conflict" | "busy" | "denied" | "lost";

const BY_CODE: Readonly<Record<string, S3FailureKind>> = {
  PreconditionFailed: "exists",
  NoSuchKey: "absent",
  NoSuchVersion: "absent",
  NotFound: "absent",
  InvalidRange: "range",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  SlowDown: "busy",
  ServiceUnavailable: "busy",
  TooManyRequests: "busy",
  RequestLimitExceeded: "busy",
  Throttling: "busy",
  ThrottlingException: "busy",
  NoSuchBucket: "denied",
  CredentialsProviderError: "denied",
  // Clocks that differ: the SDK corrects its own for the next attempt.
  RequestTimeTooSkewed: "lost",
  // The body did not arrive as it was sent.
  RequestTimeout: "lost",
  IncompleteBody: "lost",
  BadDigest: "lost",
  XAmzContentSHA256Mismatch: "lost",
};

const BY_STATUS: Readonly<Record<number, S3FailureKind>> = {
  404: "absent",
  408: "lost",
  409: "conflict",
  412: "exists",
  416: "range",
  429: "busy",
  503: "busy",
};

/** An error of one attempt, understood: by its code first, since some engines send it with a status of 200. */
export class S3Failure extends Error {
  readonly kind: S3FailureKind;
  /** The store's code, or the system's. */
  readonly reason: string;

  constructor(kind: S3FailureKind, reason: string, options?: ErrorOptions) {
    super(`${kind}: ${reason}`, options);
    this.name = "S3Failure";
    this.kind = kind;
    this.reason = reason;
  }

  static of(cause: unknown): S3Failure {
    if (cause instanceof S3Failure) return cause;
    const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
    const status = statusOf(cause);
    const kind = BY_CODE[name] ?? (status === undefined ? "lost" : kindOfStatus(status));
    const system = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
    const said = cause instanceof S3ServiceException || message === "" ? "" : `: ${message}`;
    const answer = status === undefined ? "" : ` (status ${status})`;
    return new S3Failure(kind, `${system ?? name}${answer}${said}`, { cause });
  }
}

/** S3 names what a GET did not find. A 404 without that may be a balancer's own, and says nothing of the object. */
const ABSENT_BY_NAME: ReadonlySet<string> = new Set(["NoSuchKey", "NoSuchVersion"]);

/** What a failed GET means. @throws S3Failure */
export function throwGetFailure(error: unknown): never {
  const failure = S3Failure.of(error);
  const name = error instanceof Error ? error.name : "";
  if (failure.kind !== "absent" || ABSENT_BY_NAME.has(name)) throw failure;
  throw new S3Failure("lost", `${failure.reason}, which is not how S3 says it`, { cause: error });
}

function kindOfStatus(status: number): S3FailureKind {
  return BY_STATUS[status] ?? (status >= 300 && status < 500 ? "denied" : "lost");
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("$metadata" in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}
