/**
 * How far an event got. Each state means that those before it were reached: `committed` (durable, in the tree and
 * acknowledged), `witnessed` (under a checkpoint that a quorum of witnesses cosigned; only where a policy asks for one),
 * `sealed` (in a segment).
 */
export type EventState = "committed" | "witnessed" | "sealed";

/** Entries below these sizes are under a witnessed checkpoint, and in segments. */
export interface StateSizes {
  /** Undefined if no policy asks for witnesses. */
  readonly witnessedSize: number | undefined;
  readonly sealedSize: number;
}

export function eventState(leafIndex: number, { witnessedSize, sealedSize }: StateSizes): EventState {
  if (witnessedSize !== undefined && leafIndex >= witnessedSize) return "committed";
  if (leafIndex < sealedSize) return "sealed";
  return witnessedSize === undefined ? "committed" : "witnessed";
}
