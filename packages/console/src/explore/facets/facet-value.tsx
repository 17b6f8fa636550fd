import type { CountField } from "@stele/client";
import { IconBan } from "@tabler/icons-react";
import { memo, type MouseEvent } from "react";
import { Foreign, visible, visibleBeginning } from "../../ui/foreign.tsx";
import { formatCompact, formatCount } from "../../ui/format-number.ts";
import { termChange } from "./term-change.ts";
import classes from "./facets.module.css";

interface FacetValueProps {
  readonly field: CountField;
  readonly value: string;
  /** What the events call it, where that is known. */
  readonly name: string | undefined;
  readonly count: number;
  /** Of all hits. */
  readonly total: number | undefined;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

/** A value: pressed, only its events are left; with Alt, or by the button beside it, all but its events. */
export const FacetValue = memo(function FacetValue(props: FacetValueProps) {
  const { field, value, name, count, total, query, onQuery } = props;
  const only = termChange(query, { field, value });
  const without = termChange(query, { field, value, negated: true });
  const shown =
    name === undefined ? visibleBeginning(value) : `${visible(name)} (${visibleBeginning(value)})`;
  const share = total ? Math.min(1, count / total) : 0;
  const apply = (event: MouseEvent, next: string | undefined) => {
    event.preventDefault();
    if (next !== undefined) onQuery(next);
  };
  return (
    <li className={classes["item"]}>
      <span className={classes["share"]} style={{ width: `${share * 100}%` }} aria-hidden />
      <button
        type="button"
        className={classes["value"]}
        aria-pressed={only.isSet}
        disabled={only.query === undefined}
        title={`${shown}: ${formatCount(count)}`}
        onClick={(event) => apply(event, event.altKey ? without.query : only.query)}
        onContextMenu={(event) => apply(event, without.query)}
      >
        <span className={classes["name"]}>
          {name === undefined ? (
            <Foreign text={value} lengthMax={200} />
          ) : (
            <span className={classes["named"]}>
              <span>
                <Foreign text={name} />
              </span>{" "}
              <span>
                (<Foreign text={value} />)
              </span>
            </span>
          )}
        </span>
        <span className="tabular">{formatCompact(count)}</span>
      </button>
      <button
        type="button"
        className={classes["exclude"]}
        aria-pressed={without.isSet}
        aria-label={`Without ${field} ${shown}`}
        title="Without it"
        disabled={without.query === undefined}
        onClick={(event) => apply(event, without.query)}
      >
        <IconBan size={14} aria-hidden />
      </button>
    </li>
  );
});
