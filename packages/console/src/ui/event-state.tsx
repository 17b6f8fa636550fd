import { IconArchive, IconCheck, IconEyeCheck } from "@tabler/icons-react";
import { visibleBeginning } from "./foreign.tsx";
import classes from "./event-state.module.css";

const STATES = new Map([
  ["committed", { Icon: IconCheck, meaning: "Stored in the log, under a signed checkpoint" }],
  ["witnessed", { Icon: IconEyeCheck, meaning: "Under a checkpoint that a quorum of witnesses cosigned" }],
  ["sealed", { Icon: IconArchive, meaning: "Moved to its final place in the store" }],
]);

/** How far an event got, as the node says, in a word with a sign before it. No component of Mantine: a table has many. */
export function EventState({ state }: { readonly state: string }) {
  const known = STATES.get(state);
  return (
    <span className={classes["state"]} title={`The node says so. ${known?.meaning ?? ""}`.trim()}>
      {known && <known.Icon size={14} aria-hidden />}
      {visibleBeginning(state, 50)}
    </span>
  );
}
