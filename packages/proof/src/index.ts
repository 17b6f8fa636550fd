export {
  ConflictError,
  InvariantError,
  MalformedError,
  PROOF_ERROR_CODES,
  SteleError,
  UnavailableError,
  VerificationError,
} from "./errors.ts";
export type { ProofErrorCode } from "./errors.ts";

export { decodeBase64, encodeBase64 } from "./base64.ts";
export { checkInteger, formatDecimal, parseDecimal } from "./integer.ts";
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";

export { emptyRoot, equalBytes, HASH_LENGTH_BYTES, leafHash, nodeHash, sha256Hasher } from "./hasher.ts";
export type { Hash, Hasher } from "./hasher.ts";

export { planBatchInclusion, proveBatchInclusion, verifyBatchInclusion } from "./batch-inclusion.ts";
export { CompactRange, formatCompactRange, parseCompactRange, rootOfLeaves } from "./compact-range.ts";
export type { CompactRangeOptions, VisitNode } from "./compact-range.ts";
export { planConsistency, proveConsistency, verifyConsistency } from "./consistency.ts";
export { planInclusion, proveInclusion, verifyInclusion } from "./inclusion.ts";
export type { Leaf } from "./inclusion.ts";
export { assembleProof } from "./proof-plan.ts";
export type { ProofPlan, ReadHashes } from "./proof-plan.ts";
export { rangeNodes } from "./tree.ts";
export type { NodeId, TreeHead } from "./tree.ts";

export {
  BUNDLE_LENGTH_BYTES_MAX,
  ENTRY_LENGTH_BYTES_MAX,
  formatEntryBundle,
  parseEntryBundle,
} from "./entry-bundle.ts";
export { formatTilePath, parseTilePath } from "./tile-path.ts";
export type { TileResource } from "./tile-path.ts";
export {
  formatTile,
  nodeFromTile,
  parseTile,
  partialTiles,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileHashReader,
  tileOfNode,
  tilesBetween,
  tileWidth,
} from "./tile.ts";
export type { ReadTile, Tile } from "./tile.ts";

export {
  formatNote,
  formatSignatureLine,
  NOTE_LENGTH_BYTES_MAX,
  noteVerifier,
  parseNote,
  parseSignatureLine,
  signNote,
  verifyNote,
} from "./note.ts";
export type {
  Note,
  NoteSignature,
  NoteSigner,
  NoteVerifier,
  VerifiedNote,
  VerifiedSignature,
} from "./note.ts";
export {
  ed25519Verify,
  formatKeyId,
  formatVerifierKey,
  keyId,
  makeVerifierKey,
  parseVerifierKey,
  SIGNATURE_TYPE_COSIGNATURE,
  SIGNATURE_TYPE_ED25519,
} from "./verifier-key.ts";
export type { Ed25519Verify, SignatureType, VerifierKey } from "./verifier-key.ts";

export { formatCheckpoint, parseCheckpoint, verifiersOf, verifyCheckpoint } from "./checkpoint.ts";
export type { Checkpoint, CheckpointPolicy, VerifiedCheckpoint } from "./checkpoint.ts";
export {
  extendsStatements,
  followSuccession,
  formatKeyStatement,
  KEY_STATEMENT_LENGTH_BYTES_MAX,
  KEY_STATEMENTS_MAX,
  maySign,
  newestKey,
  parseKeyStatement,
  signKeyStatement,
} from "./succession.ts";
export type { KeyStatement, LogKey, LogKeys, Retirement, Succession } from "./succession.ts";
export {
  cosignatureMessage,
  cosignatureVerifier,
  formatTimestampedSignature,
  parseTimestampedSignature,
  signCosignature,
} from "./cosignature.ts";
export type { Cosignature, TimestampedSignature } from "./cosignature.ts";
export {
  ADD_CHECKPOINT_LENGTH_BYTES_MAX,
  formatAddCheckpoint,
  parseAddCheckpoint,
} from "./add-checkpoint.ts";
export type { AddCheckpointRequest } from "./add-checkpoint.ts";
export { formatPolicy, parsePolicy, POLICY_LENGTH_BYTES_MAX } from "./policy.ts";
export type { Policy, PolicyGroup, PolicyLog, PolicyWitness } from "./policy.ts";
export { checkpointPolicy, policyLogs, quorumReached } from "./quorum.ts";
export { formatTlogProof, parseTlogProof, verifyTlogProof } from "./tlog-proof.ts";
export type { TlogProof, VerifiedLeaf } from "./tlog-proof.ts";
export {
  EVIDENCE_ENTRIES_MAX,
  EVIDENCE_LENGTH_BYTES_MAX,
  formatEvidence,
  looksLikeEvidence,
  parseEvidence,
} from "./evidence.ts";
export type { Evidence, EvidenceDeclaration, EvidenceEntry } from "./evidence.ts";
export { completenessOf } from "./evidence-completeness.ts";
export type { Completeness, SourceRun } from "./evidence-completeness.ts";
export { verifyEvidence } from "./verify-evidence.ts";
export type { VerifiedEvidence, VerifyEvidenceOptions, Witness, Witnessing } from "./verify-evidence.ts";
export type { EvidenceTrust } from "./evidence-trust.ts";
export {
  findMisbehaviour,
  formatMisbehaviour,
  MISBEHAVIOUR_LENGTH_BYTES_MAX,
  parseMisbehaviour,
  verifyMisbehaviour,
} from "./misbehaviour.ts";
export type { Misbehaviour, ProvenPrefix, VerifiedMisbehaviour } from "./misbehaviour.ts";

export type { FetchPath } from "./resource-fetcher.ts";
export { TileReader } from "./tile-reader.ts";
export type { TileReaderOptions, VerifiedEntry } from "./tile-reader.ts";
