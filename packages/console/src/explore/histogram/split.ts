import type { CountField } from "@stele/client";

/** What the bars can be split by: a field, or nothing. */
export type Split = CountField | "none";

export const SPLITS: readonly { readonly value: Split; readonly label: string }[] = [
  { value: "outcome", label: "outcome" },
  { value: "action", label: "action" },
  { value: "actor", label: "actor" },
  { value: "actor_type", label: "actor type" },
  { value: "target", label: "target" },
  { value: "tenant", label: "tenant" },
  { value: "ip", label: "IP address" },
  { value: "source", label: "source" },
  { value: "none", label: "nothing" },
];

/** What a URL means; by outcome unless it says something that is known. */
export function splitOf(text: string | undefined): Split {
  return SPLITS.find(({ value }) => value === text)?.value ?? "outcome";
}
