import { visibleBeginning } from "./foreign.tsx";
import classes from "./outcome.module.css";

export const OUTCOME_COLORS = { success: "teal", failure: "red", denied: "orange", unknown: "gray" } as const;

/** An outcome in words and, for those who see colours, in one. No component of Mantine: a table has many, and makes them while it scrolls. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }) {
  const color = Object.hasOwn(OUTCOME_COLORS, outcome)
    ? OUTCOME_COLORS[outcome as keyof typeof OUTCOME_COLORS]
    : "gray";
  return (
    <span className={classes["badge"]} style={{ background: `var(--mantine-color-${color}-light)` }}>
      {visibleBeginning(outcome, 50)}
    </span>
  );
}
