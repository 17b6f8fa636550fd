/**
 * Whose fault is it? Every error that Stele throws on purpose is one of the five classes below, and carries a
 * literal `code` that programs may depend on. The message is for people and may change.
 */
export class SteleError extends Error {
  /** Stable, `snake_case`. Codes of this package are listed in {@link PROOF_ERROR_CODES}. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The bytes or numbers handed in are not of the required form. Trying again with the same input is useless. */
export class MalformedError extends SteleError {}

/**
 * The input is well formed, and what it claims is false. `evidence` holds the values that contradict each
 * other, so that they can be kept and shown to somebody else.
 */
export class VerificationError extends SteleError {
  readonly evidence: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    evidence: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.evidence = evidence;
  }
}

/** Something that is needed can't be had at the moment. Nothing is known to be wrong: try again. */
export class UnavailableError extends SteleError {
  /** The shortest sensible pause before the next attempt, if it is known. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, options?: ErrorOptions & { readonly retryAfterMs?: number }) {
    super(code, message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Somebody else was first. Read what they did, and go on behind it. */
export class ConflictError extends SteleError {}

/** Stele itself is wrong (or is called in a way its types forbid). Not to be handled: crash and report it. */
export class InvariantError extends SteleError {}

/** Every code that `@stele/proof` throws, with its meaning. Other packages keep tables of their own. */
export const PROOF_ERROR_CODES = {
  integer_out_of_range: "A size or index is not a safe integer inside the allowed range.",
  decimal_malformed: "Not an ASCII decimal without leading zeroes, or above 2^53-1.",
  base64_malformed: "Not canonical, padded, standard base64.",
  utf8_malformed: "Not well-formed UTF-8 or UTF-16.",
  hash_malformed: "A hash is not exactly 32 bytes.",
  inclusion_not_proven: "The inclusion proof does not lead from the leaf, or the leaves, to the root.",
  leaves_malformed: "Leaves of a batch proof that are not in ascending order, each once, or none.",
  consistency_not_proven: "The consistency proof does not connect the older root with the newer one.",
  range_malformed: "Serialised compact range with a wrong length or impossible bounds.",
  range_misaligned: "A subtree or range was appended to a compact range where it does not fit.",
  range_without_root: "A root was asked of a compact range that does not begin at leaf 0.",
  reader_broken: "A hash reader answered with a wrong number of hashes.",
  tile_path_malformed: "Not a tlog-tiles path of a tile or an entry bundle.",
  tile_malformed: "A tile does not hold exactly the required number of hashes.",
  tile_missing: "The tree of this size has no such node or tile.",
  tile_unavailable: "A tile or entry bundle could not be fetched.",
  tile_not_authentic: "A tile does not hash to the value that the verified checkpoint requires.",
  bundle_malformed: "An entry bundle does not hold exactly the required number of entries.",
  entry_too_long: "An entry exceeds 65,535 bytes.",
  entry_not_authentic: "An entry does not hash to the authenticated leaf hash.",
  key_malformed: "Not a verifier key (vkey) of a supported type.",
  key_id_mismatch: "The key ID in a verifier key is not the hash of its name and public key.",
  key_duplicate: "Two verifiers share a name and key ID, or two witnesses share a public key.",
  note_malformed: "Not a signed note.",
  note_not_signed: "No known key signed the note.",
  note_signature_wrong: "A signature by a known key does not verify.",
  checkpoint_malformed: "The note text is not a checkpoint.",
  checkpoint_origin_wrong: "The checkpoint's origin is not the expected log, or not the name of its key.",
  checkpoint_root_wrong: "The checkpoint is of an empty tree and has another root than the empty tree's.",
  succession_malformed: "Not a signed statement about the keys of a log, or too many of them.",
  succession_broken:
    "A statement about the keys of a log is not signed as it must be, or contradicts those before it.",
  key_not_in_succession: "A trusted key is none of the log's keys.",
  key_not_valid_for_size:
    "The checkpoint is signed only by keys of the log that may not sign trees of its size.",
  cosignature_malformed: "Not a timestamped Ed25519 cosignature.",
  add_checkpoint_malformed: "Not the body of an add-checkpoint request (c2sp.org/tlog-witness).",
  cosignatures_too_few: "The known witnesses that cosigned the checkpoint do not reach the quorum.",
  policy_malformed: "Not a c2sp.org/tlog-policy file.",
  evidence_malformed: "Not an evidence bundle (docs/spec/evidence.md).",
  evidence_claim_wrong: "What an evidence bundle says about itself is not what its entries show.",
  tlog_proof_malformed: "Not a c2sp.org/tlog-proof@v1 file.",
  misbehaviour_malformed: "Not a stele.misbehaviour/v1 file.",
  misbehaviour_not_proven: "The file does not show that the log misbehaved.",
} as const satisfies Readonly<Record<string, string>>;

export type ProofErrorCode = keyof typeof PROOF_ERROR_CODES;
