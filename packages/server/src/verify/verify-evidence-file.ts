import {
  parseEvidence,
  VerificationError,
  verifyEvidence,
  type EvidenceDeclaration,
  type EvidenceEntry,
  type VerifiedEvidence,
} from "@stele/proof";
import { matches, parseQuery, QueryError, type ParsedEntry } from "@stele/query";
import { unpackEvidence } from "../evidence/evidence-file.ts";
import { nativeEd25519 } from "../log/native-ed25519.ts";
import { nativeHasher } from "../log/native-hasher.ts";
import { recall } from "./remembered.ts";
import { nothingChecked, type VerificationReport } from "./report.ts";
import type { ProofFileOptions } from "./verify-proof-file.ts";

/** What an evidence bundle proves, and apart from that what it only says. */
export interface EvidenceReport extends VerificationReport {
  readonly evidence: {
    readonly verified: VerifiedEvidence;
    readonly declared: EvidenceDeclaration;
    /** Whether each entry was found to match the query; `unknown`: this version can't read the query. */
    readonly query: "matched" | "unknown";
  };
}

/**
 * Verifies a `.stele-evidence` file: off line, without the log. The key and the policy are those given, else the key
 * that is known from an earlier verification of the log, else what the file itself states; the report says which.
 *
 * @param bytes untrusted
 * @throws VerificationError, MalformedError what `parseEvidence` and `verifyEvidence` throw; `policy_malformed`;
 *   VerificationError `evidence_query_unmatched`
 */
export async function verifyEvidenceFile(
  place: string,
  bytes: Uint8Array,
  options: ProofFileOptions,
): Promise<EvidenceReport> {
  const started = performance.now();
  const evidence = parseEvidence(unpackEvidence(place, bytes));
  const { declared } = evidence;
  const origin = evidence.checkpoint.split("\n", 1)[0]!;
  const { policy } = options;
  const isGiven = options.key !== undefined || policy !== undefined;
  const recalled = await recall(options.stateDirectory, origin);
  const remembered = isGiven ? undefined : recalled;
  const vkey = options.key ?? remembered?.vkey;
  const statements = options.statements ?? recalled?.statements?.map((text) => Buffer.from(text)) ?? [];
  const verified = verifyEvidence(
    evidence,
    { ...(vkey !== undefined && { vkey }), ...(policy && { policy }), statements },
    { hasher: nativeHasher, verifySignature: nativeEd25519() },
  );
  const query = checkQuery(evidence.entries, declared);
  const { checkpoint, entries, signedBy } = verified;
  return {
    target: "evidence",
    place,
    origin,
    vkey: signedBy.at(-1)!,
    keyFrom: isGiven ? "given" : remembered ? "remembered" : "file",
    treeSize: checkpoint.treeSize,
    root: Buffer.from(checkpoint.root).toString("base64"),
    checked: {
      ...nothingChecked(),
      entries: entries.length,
      checkpoints: 1,
      bytes: entries.reduce((sum, { entry }) => sum + Buffer.byteLength(entry), 0),
    },
    extendsSize: undefined,
    seconds: (performance.now() - started) / 1000,
    evidence: { verified, declared, query },
  };
}

/** That the entries match is the exporter's word, too, but one that can be checked. */
function checkQuery(
  entries: readonly EvidenceEntry[],
  { normalQuery }: EvidenceDeclaration,
): "matched" | "unknown" {
  let isHit: ReturnType<typeof matches>;
  try {
    // Times are in full in a normal form, so the clock is not asked.
    isHit = matches(parseQuery(normalQuery, { nowMs: 0 }));
  } catch (error) {
    if (error instanceof QueryError) return "unknown";
    throw error;
  }
  for (const { leafIndex, entry } of entries) {
    if (isHit(JSON.parse(entry) as ParsedEntry, entry)) continue;
    throw new VerificationError(
      "evidence_query_unmatched",
      `Entry ${leafIndex} does not match ${JSON.stringify(normalQuery)}, which is said to have found it`,
      { leafIndex, normalQuery },
    );
  }
  return "matched";
}
