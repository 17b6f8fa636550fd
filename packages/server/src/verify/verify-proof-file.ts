import { MalformedError, parseNote, parseTlogProof, verifyTlogProof } from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { chooseKeys, recall } from "./remembered.ts";
import { cosigningRules, trustedKeys, witnessedBy } from "./trusted-policy.ts";
import { nothingChecked, type VerificationReport, type VerifyOptions } from "./report.ts";

export interface ProofFileOptions extends VerifyOptions {
  /** The statements about the log's keys, in order; those that were seen last unless told. Untrusted. */
  readonly statements?: readonly Uint8Array[];
}

/**
 * Verifies a C2SP tlog-proof whose `extra` line holds the entry, as `stele prove` writes it: off line, without the
 * log. The key must be given, or be known from an earlier verification of the log.
 *
 * @param bytes untrusted
 * @throws VerificationError, MalformedError `key_needed`, `entry_needed`
 */
export async function verifyProofFile(
  place: string,
  bytes: Uint8Array,
  options: ProofFileOptions,
): Promise<VerificationReport & { readonly leafIndex: number; readonly entry: string }> {
  const started = performance.now();
  const { extra, checkpoint } = parsed(place, bytes);
  if (!extra)
    throw new MalformedError("entry_needed", `${place} has no extra line with the entry that it proves`);
  const origin = parseNote(checkpoint).text.split("\n", 1)[0]!;
  const remembered = await recall(options.stateDirectory, origin);
  const given = trustedKeys(options, origin);
  const known = given[0] ?? remembered?.vkey;
  if (known === undefined) {
    throw new MalformedError(
      "key_needed",
      `Nothing is known of the key of ${origin}: get its vkey from its operator by a way you trust, and give it with --key or --policy`,
    );
  }
  const statements =
    options.statements ?? (remembered?.statements ?? []).map((statement) => Buffer.from(statement));
  const { keys, vkey, keyFrom } = chooseKeys({ origin, vkey: known, statements }, given, remembered);
  const { policy } = options;
  const verified = verifyTlogProof(
    bytes,
    nativeHasher.leaf(extra),
    keys,
    cosigningRules(policy),
    nativeHasher,
  );
  const witnessed = witnessedBy(policy, verified.checkpoint);
  return {
    target: "proof",
    place,
    origin,
    vkey,
    keyFrom,
    treeSize: verified.checkpoint.treeSize,
    root: Buffer.from(verified.checkpoint.root).toString("base64"),
    checked: { ...nothingChecked(), entries: 1, checkpoints: 1, bytes: extra.length },
    extendsSize: undefined,
    seconds: (performance.now() - started) / 1000,
    leafIndex: verified.leafIndex,
    entry: Buffer.from(extra).toString(),
    ...(witnessed && { witnessed }),
  };
}

/** @throws MalformedError naming the file */
function parsed(place: string, bytes: Uint8Array) {
  try {
    return parseTlogProof(bytes);
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new MalformedError(cause.code, `${place}: ${cause.message}`, { cause });
  }
}
