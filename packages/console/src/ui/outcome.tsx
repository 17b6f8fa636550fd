import { Badge } from "@mantine/core";

export const OUTCOME_COLORS = { success: "teal", failure: "red", denied: "orange", unknown: "gray" } as const;

/** An outcome in words and, for those who see colours, in one. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }) {
  const color = Object.hasOwn(OUTCOME_COLORS, outcome)
    ? OUTCOME_COLORS[outcome as keyof typeof OUTCOME_COLORS]
    : "gray";
  return (
    <Badge size="sm" radius="sm" variant="light" color={color} c="var(--mantine-color-text)" tt="none">
      {outcome}
    </Badge>
  );
}
