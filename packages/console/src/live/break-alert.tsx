import { Alert, List } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { formatCount } from "../ui/format-number.ts";
import type { Break } from "./live-rows.ts";

const SHOWN_MAX = 5;

/** A node that leaves events out, or gives them twice, is broken or lies: that is not to be overlooked. */
export function BreakAlert({ breaks }: { readonly breaks: readonly Break[] }) {
  return (
    <Alert
      color="red"
      variant="filled"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title="The node’s answer has a break"
    >
      The indexes of a log have no gap, and none comes twice. Verify this log before you rely on what you see.
      <List size="sm">
        {breaks.slice(-SHOWN_MAX).map((found, i) => (
          // The same break may be found again: it has no other identity than its place.
          <List.Item key={i}>{describe(found)}</List.Item>
        ))}
      </List>
      {breaks.length > SHOWN_MAX && `and ${formatCount(breaks.length - SHOWN_MAX)} more before`}
    </Alert>
  );
}

function describe({ kind, first, last }: Break): string {
  const which = first === last ? `#${formatCount(first)}` : `#${formatCount(first)} to #${formatCount(last)}`;
  return kind === "missing" ? `Missing: ${which}` : `Came again: ${which}`;
}
