import { memo } from "react";
import { formatCount } from "../../ui/format-number.ts";
import { formatDuration } from "../../ui/format-time.ts";
import { LongText } from "../../ui/long-text.tsx";
import { NumberCell } from "../ui/figures-table.tsx";
import { Verdict } from "../ui/verdict.tsx";
import { gapRanges, type SourceState } from "./source-state.ts";
import classes from "./sources.module.css";

const RANGES_SHOWN = 5;

/** One source, in words and numbers. */
export const SourceRow = memo(function SourceRow({ state }: { readonly state: SourceState }) {
  const { source, hasGaps, hasDuplicates, quietMs } = state;
  return (
    <tr>
      <th scope="row" className={classes["id"]}>
        <LongText text={source.id} />
      </th>
      <td className={classes["state"]}>
        <Verdicts state={state} />
      </td>
      <NumberCell>
        {formatCount(source.missing)}
        {hasGaps && (
          <>
            <br />
            {gapRanges(source, RANGES_SHOWN)}
          </>
        )}
      </NumberCell>
      <NumberCell>
        {source.watermark === undefined ? "not numbered" : formatCount(source.watermark)}
      </NumberCell>
      <NumberCell>{source.lastSeq === undefined ? "not numbered" : formatCount(source.lastSeq)}</NumberCell>
      <NumberCell>
        {hasDuplicates
          ? `${formatCount(source.duplicates)}, first at ${source.duplicateIndexes.slice(0, 3).join(", ")}`
          : "0"}
      </NumberCell>
      <td>{formatDuration(quietMs)} ago</td>
      <NumberCell>{formatCount(source.entries)}</NumberCell>
    </tr>
  );
});

function Verdicts({ state: { source, hasGaps, isSilent, hasDuplicates } }: { readonly state: SourceState }) {
  const heartbeat = formatDuration(source.heartbeatSeconds * 1000);
  return (
    <>
      {hasGaps && (
        <Verdict is="bad">{source.gapCount === 1 ? "a gap" : `${formatCount(source.gapCount)} gaps`}</Verdict>
      )}
      {isSilent && <Verdict is="bad">silent: it declared something each {heartbeat}</Verdict>}
      {hasDuplicates && <Verdict is="warning">numbers used twice</Verdict>}
      {!hasGaps && !isSilent && !hasDuplicates && (
        <Verdict is="good">
          {source.lastSeq === undefined ? "not numbered" : "complete"}
          {source.heartbeatSeconds > 0 && `, something each ${heartbeat}`}
        </Verdict>
      )}
    </>
  );
}
