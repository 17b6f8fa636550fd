import { Link } from "@tanstack/react-router";
import { memo, useLayoutEffect, useRef } from "react";
import { Foreign } from "../ui/foreign.tsx";
import { formatCount } from "../ui/format-number.ts";
import { OutcomeBadge } from "../ui/outcome.tsx";
import { Time } from "../ui/time.tsx";
import type { LiveEvent } from "./live-event.ts";
import classes from "./live.module.css";

interface LiveRowProps {
  readonly log: string;
  readonly row: LiveEvent;
  readonly top: number;
  readonly height: number;
  /** The one of all rows that Tab comes to. */
  readonly isTabStop: boolean;
  /** The keyboard was moved to it. */
  readonly isActive: boolean;
}

/** One event in a line: a link to it. */
export const LiveRow = memo(function LiveRow({ log, row, top, height, isTabStop, isActive }: LiveRowProps) {
  const { index, occurredAt, outcome, actor, action, targets } = row;
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
            <Time value={occurredAt} />
          </span>
          <span className={`${classes["index"]} tabular`}>#{formatCount(index)}</span>
          <span>
            <OutcomeBadge outcome={outcome} />
          </span>
        </span>
        <span className={classes["line"]}>
          <span>
            <Foreign text={actor} />
          </span>
          <span>
            <Foreign text={action} />
          </span>
          <span>
            <Foreign text={targets} />
          </span>
        </span>
      </Link>
    </li>
  );
});
