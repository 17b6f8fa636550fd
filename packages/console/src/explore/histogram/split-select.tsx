import { NativeSelect } from "@mantine/core";
import { useExplore } from "../use-explore.ts";
import { SPLITS, splitOf } from "./split.ts";

/** By which field the bars are split. */
export function SplitSelect() {
  const { search, change } = useExplore();
  return (
    <NativeSelect
      size="xs"
      aria-label="Split by"
      data={SPLITS.map(({ value, label }) => ({ value, label: `by ${label}` }))}
      value={splitOf(search.split)}
      onChange={({ currentTarget: { value } }) =>
        change({ split: value === "outcome" ? undefined : value }, { replace: true })
      }
    />
  );
}
