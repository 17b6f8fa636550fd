import type { KeyList, ProofClaim } from "@stele/client";
import {
  ENTRY_LENGTH_BYTES_MAX,
  equalBytes,
  formatKeyId,
  leafHash,
  MalformedError,
  parseCheckpoint,
  parseNote,
  SteleError,
  VerificationError,
  verifyCheckpoint,
  verifyInclusion,
  type Checkpoint,
  type Hash,
  type Note,
  type NoteSignature,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { formatCount } from "../ui/format-number.ts";
import { formatHex } from "../ui/format-hex.ts";
import { isUnreadable, type Unreadable } from "./check-messages.ts";
import { checkCosignatures, type CheckedCosignatures } from "./cosigners.ts";
import { keySource, knownKeys, type KnownKeys } from "./log-keys.ts";
import { formatTime } from "../ui/format-time.ts";
import { proofPath, type ProofPath } from "./proof-path.ts";
import { STEP_NAMES, type ProofReport, type Step, type StepName } from "./proof-report.ts";
import { checkSeen, type AskConsistency } from "./seen-checkpoint.ts";
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
      return { name: "path", state: "passed", text: pathText(path) };
    }),
  );
  put(checkpoint ? attempt("root", () => checkRoot(path, claim, leaf, checkpoint!)) : unparsed);

  let keys: KnownKeys | undefined;
  let verified: VerifiedCheckpoint | undefined;
  put(
    attempt("signature", () => {
      keys = knownKeys(unless(trust), unless(question.keys), checkpoint?.origin ?? "");
      verified = verifySignature(claim.note, keys);
      return signatureStep(verified, keys, known);
    }),
  );

  let cosigned: CheckedCosignatures | undefined;
  try {
    if (note) cosigned = checkCosignatures(note, ofLog(keys, verified), statedPolicy(known, question));
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

function checkEntry(index: number, { entry, leafIndex }: ProofClaim): Step {
  const name = "entry";
  if (leafIndex !== index) {
    throw new VerificationError("proof_of_other_entry", "The node answered with another entry.", {
      expected: `entry ${index}`,
      actual: `entry ${leafIndex}`,
    });
  }
  if (entry.length > ENTRY_LENGTH_BYTES_MAX) {
    throw new VerificationError(
      "entry_too_long",
      "The node answered with more bytes than an entry can have.",
      {
        expected: `at most ${ENTRY_LENGTH_BYTES_MAX} bytes`,
        actual: `${entry.length} bytes`,
      },
    );
  }
  const text = `${formatCount(entry.length)} bytes, said to be entry ${formatCount(index)}. All that is shown of the event is read from these bytes.`;
  return { name, state: "passed", text };
}

function checkLeaf(computed: Hash, claimed: Hash): Step {
  const actual = formatHex(computed);
  if (equalBytes(computed, claimed)) {
    return { name: "leaf", state: "passed", text: `SHA-256(0x00 ‖ entry) = ${actual}` };
  }
  const text = "The bytes hash to another leaf hash than the node says: they, or it, were changed.";
  return {
    name: "leaf",
    state: "failed",
    code: "entry_not_authentic",
    text,
    expected: formatHex(claimed),
    actual,
  };
}

function pathText({ steps, root }: ProofPath): string {
  const count = steps.length === 1 ? "1 sibling" : `${steps.length} siblings`;
  return `With ${count} on its way up, the leaf leads to the root ${formatHex(root.hash)}`;
}

function checkRoot(
  path: ProofPath | undefined,
  { proof, treeSize }: ProofClaim,
  leaf: { readonly leafIndex: number; readonly leafHash: Hash },
  checkpoint: Checkpoint,
): Step {
  if (!path) return skipped("root");
  const values = { expected: formatHex(checkpoint.root), actual: formatHex(path.root.hash) };
  try {
    verifyInclusion(proof, leaf, checkpoint);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const text = "The entry and its path don't lead to the root that the checkpoint has.";
    return { name: "root", state: "failed", code: error.code, text, ...values };
  }
  if (treeSize !== checkpoint.treeSize) {
    throw new VerificationError(
      "inclusion_not_proven",
      "The proof is said to be of a tree of another size.",
      {
        expected: `${checkpoint.treeSize} entries`,
        actual: `${treeSize} entries`,
      },
    );
  }
  const text = `It is the root of the checkpoint: ${formatCount(checkpoint.treeSize)} entries, ${values.expected}`;
  return { name: "root", state: "passed", text };
}

/** With what was trusted and who signed instead, if it was not signed by a known key. */
function verifySignature(note: Uint8Array, { log, vkeys }: KnownKeys): VerifiedCheckpoint {
  try {
    return verifyCheckpoint(note, log);
  } catch (error) {
    if (!(error instanceof VerificationError) || error.code !== "note_not_signed") throw error;
    const signatures = parseNote(note).signatures.map(identity).join(", ");
    const values = { expected: vkeys.at(-1), actual: signatures };
    throw new VerificationError(
      error.code,
      "The checkpoint is not signed by a key that this browser trusts.",
      values,
      {
        cause: error,
      },
    );
  }
}

function signatureStep(
  verified: VerifiedCheckpoint,
  keys: KnownKeys,
  { remembered, pinned }: LogTrust,
): Step {
  const { name, keyId } = signerOf(verified, keys);
  const signed = `Signed by ${name}, key ${formatKeyId(keyId)}.`;
  const isSuccessor = !keys.trusted.some((vkey) => identityOf(vkey) === identity({ name, keyId }));
  const followed = isSuccessor ? " It follows the key that is trusted, by a statement that both signed." : "";
  switch (keys.source) {
    case "pinned": {
      const what = pinned?.kind === "policy" ? "policy" : "key";
      return {
        name: "signature",
        state: "passed",
        text: `${signed}${followed} You pinned this log's ${what} in this browser.`,
      };
    }
    case "remembered": {
      const since = formatTime(remembered?.sinceMs ?? 0, "UTC").slice(0, 19);
      const text = `${signed}${followed} This browser remembers the key since ${since} UTC, when the node named it; pin it once you compared it with the one that you were given.`;
      return { name: "signature", state: "passed", text };
    }
    case "first-use": {
      const text = `${signed} The node named this key just now: compare it with the one that you were given.`;
      return { name: "signature", state: "remark", text };
    }
  }
}

function signerOf({ note }: VerifiedCheckpoint, keys: KnownKeys | undefined) {
  const { key } = note.verified[0]!.verifier;
  // A checkpoint that was signed anew when the key changed has both signatures; the newest key is what counts.
  const newest = keys?.vkeys.at(-1);
  const byNewest = note.verified.find((one) => newest !== undefined && identity(one) === identityOf(newest));
  return byNewest?.verifier.key ?? key;
}

/** Whether a signature is by a key of the log; by its name, as long as nothing better is known. */
function ofLog(keys: KnownKeys | undefined, verified: VerifiedCheckpoint | undefined) {
  const own = new Set(keys?.vkeys.map(identityOf));
  return (signature: NoteSignature) =>
    own.has(identity(signature)) ||
    (verified?.note.verified.some((one) => one.name === signature.name && one.keyId === signature.keyId) ??
      false);
}

function identity({ name, keyId }: Pick<NoteSignature, "name" | "keyId">): string {
  return `${name}+${formatKeyId(keyId)}`;
}

/** What of a vkey its signatures say, too: name and key ID. */
function identityOf(vkey: string): string {
  return vkey.split("+", 2).join("+");
}

function statedPolicy({ pinned }: LogTrust, { policy }: ProofQuestion) {
  if (pinned?.kind === "policy") return { text: pinned.text, from: "pinned" } as const;
  return { text: unless(policy), from: "node" } as const;
}

/** The value, if there is one. @throws MalformedError with what is known of why there is none */
function unless<T>(value: T | Unreadable): T {
  if (isUnreadable(value)) throw new MalformedError(value.code, value.unreadable);
  return value;
}

function attempt(name: StepName, step: () => Step): Step {
  try {
    return step();
  } catch (error) {
    return failure(name, error);
  }
}

/** What failed, and the values that show it. Only errors of ours: others are mistakes of this page. */
function failure(name: StepName, error: unknown): Step {
  if (!(error instanceof SteleError)) throw error;
  const { expected, actual } = error instanceof VerificationError ? error.evidence : {};
  return {
    name,
    state: "failed",
    code: error.code,
    text: error.message,
    ...(typeof expected === "string" && { expected }),
    ...(typeof actual === "string" && { actual }),
  };
}

function skipped(name: StepName): Step {
  return { name, state: "skipped", text: "Not checked: what it needs is missing." };
}
