import { Button, Popover } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useState } from "react";
import { useTimeZone } from "../../ui/time-zone.tsx";
import { useExplore } from "../use-explore.ts";
import { AbsoluteRange } from "./absolute-range.tsx";
import { describeRange, type RangeTexts } from "./described-range.ts";
import { RELATIVE_RANGES } from "./relative-ranges.ts";
import { useNow } from "./use-now.ts";
import classes from "./time-range.module.css";

/** Which times are searched: of `occurred_at`. */
export function TimeRange() {
  const { search, change } = useExplore();
  const { zone } = useTimeZone();
  const [opened, setOpened] = useState(false);
  const nowMs = useNow();
  const { from, to } = search;
  const { label, meaning } = describeRange({ from, to }, nowMs, zone);
  const choose = (range: RangeTexts) => {
    change({ from: range.from, to: range.to, event: undefined });
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconClock size={16} aria-hidden />}
          onClick={() => setOpened((before) => !before)}
          aria-label={`Time range: ${label}`}
          title={meaning}
          className={classes["button"] ?? ""}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time range" className={classes["panel"] ?? ""}>
        <p className={classes["meaning"]} aria-live="polite">
          <b>{label}</b>: {meaning}
        </p>
        <div className={classes["ranges"]} role="group" aria-label="Back from now">
          {RELATIVE_RANGES.map((range) => (
            <Button
              key={range.label}
              size="compact-sm"
              variant={from === range.from && to === undefined ? "filled" : "default"}
              aria-pressed={from === range.from && to === undefined}
              onClick={() => choose({ from: range.from })}
            >
              {range.short}
            </Button>
          ))}
        </div>
        <AbsoluteRange key={`${from} ${to} ${zone}`} from={from} to={to} nowMs={nowMs} apply={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}
