import type { Change } from "@stele/client";

/** What became of a field, in a word. */
export type ChangeKind = "added" | "removed" | "changed" | "unchanged" | "named";

/** `named`: the producer says that the field changed, and not how. */
export function changeKind(change: Change): ChangeKind {
  const [hasOld, hasNew] = [Object.hasOwn(change, "old"), Object.hasOwn(change, "new")];
  if (!hasOld && !hasNew) return "named";
  if (!hasOld) return "added";
  if (!hasNew) return "removed";
  return JSON.stringify(change.old) === JSON.stringify(change.new) ? "unchanged" : "changed";
}
