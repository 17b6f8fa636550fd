import type { Answer } from "./answer.ts";
import { parseVerification, type VerificationStatus } from "./node-status.ts";

/** Something stored that is not what it should be: the node's verifier found it. */
export interface VerificationFinding {
  readonly code: string;
  readonly message: string;
  /** The object, file or range. */
  readonly place: string;
  /** Whose: the primary, a mirror, or what the node keeps for itself. */
  readonly copy: string;
  /** Leaf indexes: it is in one of these entries. Undefined where it is of no entries, or of all. */
  readonly firstIndex: number | undefined;
  readonly lastIndex: number | undefined;
  /** RFC 3339. */
  readonly foundAt: string;
}

/** `GET /v1/logs/:log/verification`. */
export interface LogVerification {
  readonly verification: VerificationStatus;
  /** What was not found right since: the newest first, at most 100. `verification.findings` counts all. */
  readonly findings: readonly VerificationFinding[];
}

/** @throws MalformedError `response_malformed` */
export function parseLogVerification(answer: Answer): LogVerification {
  return {
    verification: parseVerification(answer.field("verification")),
    findings: answer.field("findings").items().map(parseFinding),
  };
}

function parseFinding(finding: Answer): VerificationFinding {
  const index = (name: string) => (finding.has(name) ? finding.field(name).integer() : undefined);
  return {
    code: finding.field("code").string(),
    message: finding.field("message").string(),
    place: finding.field("place").string(),
    copy: finding.field("copy").string(),
    firstIndex: index("first_index"),
    lastIndex: index("last_index"),
    foundAt: finding.field("found_at").string(),
  };
}
