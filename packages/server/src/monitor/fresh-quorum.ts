import type { CheckpointPolicy, Cosignature, NoteVerifier } from "@stele/proof";

/** Whether the quorum is reached by cosignatures that are not older than `ageMsMax`. Those from the future don't count either. */
export function freshQuorum(
  { witnesses = [], quorum }: CheckpointPolicy,
  cosignatures: readonly Cosignature[],
  nowMs: number,
  ageMsMax: number,
): boolean {
  if (!quorum) return true;
  const fresh = cosignatures.filter(
    ({ timestampSeconds }) => Math.abs(nowMs - timestampSeconds * 1000) <= ageMsMax,
  );
  const isFresh = ({ key }: NoteVerifier) =>
    fresh.some(({ name, keyId }) => name === key.name && keyId === key.keyId);
  return quorum(new Set(witnesses.filter(isFresh)));
}
