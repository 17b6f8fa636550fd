import { useMemo } from "react";
import { useAlarm } from "../../api/alarms.ts";
import { visible } from "../../ui/foreign.tsx";
import { ErrorPanel, LoadingRows } from "../../ui/states.tsx";
import classes from "./alarms.module.css";

/** What an alarm is known by, as text. */
export function AlarmEvidence({ id }: { readonly id: string }) {
  const { data, error, refetch } = useAlarm(id, true);
  const text = useMemo(() => data && evidenceText(data.evidence), [data]);
  if (text !== undefined) {
    // It scrolls: a keyboard must reach it.
    return (
      <pre className={classes["evidence"]} tabIndex={0} role="region" aria-label="Evidence">
        {text}
      </pre>
    );
  }
  if (error) {
    return <ErrorPanel title="The evidence can't be shown" error={error} retry={() => void refetch()} />;
  }
  return <LoadingRows rows={3} />;
}

function evidenceText(evidence: object | undefined): string {
  if (evidence === undefined) return "There is none any more.";
  return JSON.stringify(evidence, undefined, 2).split("\n").map(visible).join("\n");
}
