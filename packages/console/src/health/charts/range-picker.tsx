import { SegmentedControl } from "@mantine/core";
import { RANGES } from "../health-search.ts";
import { useRange } from "./use-range.ts";

/** How far back the charts go. */
export function RangePicker() {
  const [range, setRange] = useRange();
  return (
    <SegmentedControl
      aria-label="Time range of the charts"
      size="sm"
      value={range}
      data={[...RANGES]}
      onChange={(chosen) => {
        const known = RANGES.find((one) => one === chosen);
        if (known) setRange(known);
      }}
    />
  );
}
