import type { LogEntry, Party } from "@stele/client";
import { Link } from "@tanstack/react-router";
import { memo, useLayoutEffect, useRef } from "react";
import { Foreign } from "../ui/foreign.tsx";
import { formatCount } from "../ui/format-number.ts";
import { OutcomeBadge } from "../ui/outcome.tsx";
import { Time } from "../ui/time.tsx";
import classes from "./live.module.css";

interface LiveRowProps {
  readonly log: string;
  readonly row: LogEntry;
  readonly top: number;
  readonly height: number;
  /** The one of all rows that Tab comes to. */
  readonly isTabStop: boolean;
  /** The keyboard was moved to it. */
  readonly isActive: boolean;
}

/** One event in a line: a link to it. */
export const LiveRow = memo(function LiveRow({ log, row, top, height, isTabStop, isActive }: LiveRowProps) {
  const { index, entry } = row;
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => {
    if (isActive) link.current?.focus({ preventScroll: true });
  }, [isActive]);
  return (
    <li className={classes["item"]} style={{ height, transform: `translateY(${top}px)` }}>
      <Link
        ref={link}
        to="/event/$log/$index"
        params={{ log, index: String(index) }}
        preload={false}
        tabIndex={isTabStop ? 0 : -1}
        className={classes["row"] ?? ""}
        data-index={index}
      >
        <span className={classes["line"]}>
          <span>
            <Time value={entry.occurred_at} />
          </span>
          <span className={`${classes["index"]} tabular`}>#{formatCount(index)}</span>
          <span>
            <OutcomeBadge outcome={entry.outcome} />
          </span>
        </span>
        <span className={classes["line"]}>
          <span>
            <Foreign text={nameOf(entry.actor)} lengthMax={200} />
          </span>
          <span>
            <Foreign text={entry.action} />
          </span>
          <span>
            <Foreign text={(entry.targets ?? []).map(nameOf).join(", ")} lengthMax={200} />
          </span>
        </span>
      </Link>
    </li>
  );
});

function nameOf({ name, id }: Party): string {
  return name ?? id;
}
