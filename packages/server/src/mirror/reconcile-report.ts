/** Something that a person has to look at: a reconciler never decides which of two histories is the right one. */
export interface Alarm {
  /**
   * `conflict`: the mirror has other bytes; the primary's were put beside them. `missing_on_primary`: the mirror has it,
   * verified, but the primary does not. `damaged`: it is not what was signed, at the place named.
   */
  readonly kind: "conflict" | "missing_on_primary" | "damaged";
  readonly key: string;
  /** What about it, for a person. */
  readonly detail: string;
}

/** What comparing a mirror with its primary found, and did. */
export interface ReconcileReport {
  /** The mirror, for a person. */
  readonly place: string;
  readonly log: string;
  /** Objects and segments that were looked at on both sides. */
  readonly compared: number;
  /** … that the mirror lacked, and has now. */
  readonly copied: number;
  /** Commits of the mirror that were deleted, since they are sealed, there as well. */
  readonly trimmed: number;
  /** … that the primary lacked, and has now. */
  readonly restored: number;
  readonly alarms: readonly Alarm[];
  /** The tree size up to which both sides were compared. */
  readonly treeSize: number;
  readonly seconds: number;
}
