import type { KeyList, ProofClaim } from "@stele/client";
import {
  leafHash,
  parseCheckpoint,
  parseNote,
  type Checkpoint,
  type Note,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { isUnreadable, readable, type Unreadable } from "./check-messages.ts";
import { isByLog, signatureStep, signerOf, verifySignature } from "./checkpoint-signer.ts";
import { checkCosignatures, type CheckedCosignatures } from "./cosigners.ts";
import { checkEntry, checkLeaf, checkRoot, pathStep } from "./inclusion-steps.ts";
import { keySource, knownKeys, type KnownKeys } from "./log-keys.ts";
import { proofPath, type ProofPath } from "./proof-path.ts";
import { STEP_NAMES, type ProofReport, type Step, type StepName } from "./proof-report.ts";
import { checkSeen, type AskConsistency } from "./seen-checkpoint.ts";
import { attempt, failure, skipped } from "./step-outcome.ts";
import type { LogTrust } from "./trust-store.ts";

export interface ProofQuestion {
  /** The leaf index that was asked for. */
  readonly index: number;
  readonly claim: ProofClaim;
  /** What this browser knows of the log. */
  readonly trust: LogTrust | Unreadable;
  /** What the node says of the log's keys. */
  readonly keys: KeyList | Unreadable;
  /** The tlog-policy that the node states, if any. */
  readonly policy: string | undefined | Unreadable;
  readonly askConsistency: AskConsistency;
}

/**
 * Checks all that a node says of an entry, step by step, with nothing taken on its word but what the report says is.
 *
 * @throws what `askConsistency` throws that is no MalformedError: nothing is known then
 */
export async function checkProof(question: ProofQuestion): Promise<ProofReport> {
  const { index, claim, trust } = question;
  const steps = new Map<StepName, Step>();
  const put = (step: Step) => void steps.set(step.name, step);
  const known = isUnreadable(trust) ? {} : trust;

  put(attempt("entry", () => checkEntry(index, claim)));
  const leaf = { leafIndex: index, leafHash: leafHash(claim.entry) };
  put(checkLeaf(leaf.leafHash, claim.leafHash));

  let checkpoint: Checkpoint | undefined;
  let note: Note | undefined;
  const unparsed = attempt("root", () => {
    note = parseNote(claim.note);
    checkpoint = parseCheckpoint(note.text);
    return { name: "root", state: "passed", text: "" };
  });
  let path: ProofPath | undefined;
  put(
    attempt("path", () => {
      path = proofPath(leaf, checkpoint?.treeSize ?? claim.treeSize, claim.proof);
      return pathStep(path);
    }),
  );
  put(checkpoint ? attempt("root", () => checkRoot(path, claim, leaf, checkpoint!)) : unparsed);

  let keys: KnownKeys | undefined;
  let verified: VerifiedCheckpoint | undefined;
  put(
    attempt("signature", () => {
      keys = knownKeys(readable(trust), readable(question.keys), checkpoint?.origin ?? "");
      verified = verifySignature(claim.note, keys);
      return signatureStep(verified, keys, known);
    }),
  );

  let cosigned: CheckedCosignatures | undefined;
  try {
    if (note) cosigned = checkCosignatures(note, isByLog(keys, verified), statedPolicy(known, question));
  } catch (error) {
    put(failure("cosignatures", error));
  }
  if (cosigned) put(cosigned.step);

  let conflict: ProofReport["conflict"];
  if (verified) {
    const step = await checkSeen(verified, known.seen, question.askConsistency);
    put(step);
    if (step.state === "failed" && known.seen) {
      conflict = { seen: known.seen.note, shown: new TextDecoder().decode(claim.note) };
    }
  }

  const all = STEP_NAMES.map((name) => steps.get(name) ?? skipped(name));
  const source = keySource(known);
  const isFailed = all.some(({ state }) => state === "failed");
  return {
    verdict: isFailed ? "failed" : source === "first-use" ? "first-use" : "proven",
    steps: all,
    ...(path && { path }),
    ...(checkpoint && { checkpoint }),
    ...(verified && { signer: signerOf(verified, keys) }),
    keySource: source,
    cosigners: cosigned?.cosigners ?? [],
    ...(conflict && { conflict }),
    vkeys: keys?.vkeys ?? [],
  };
}

/** The report of an answer that is none. */
export function unreadableAnswer({ code, unreadable }: Unreadable, trust: LogTrust): ProofReport {
  const [name, ...others] = STEP_NAMES;
  const steps: Step[] = [{ name, state: "failed", code, text: unreadable }, ...others.map(skipped)];
  return { verdict: "failed", steps, keySource: keySource(trust), cosigners: [], vkeys: [] };
}

function statedPolicy({ pinned }: LogTrust, { policy }: ProofQuestion) {
  if (pinned?.kind === "policy") return { text: pinned.text, from: "pinned" } as const;
  return { text: readable(policy), from: "node" } as const;
}
