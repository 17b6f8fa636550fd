import { Alert, Stack } from "@mantine/core";
import { RefusedError } from "@stele/client";
import { useMemo } from "react";
import { isUnreadable } from "../proof/check-messages.ts";
import { ProofLine } from "../proof/proof-line.tsx";
import { ProofSection } from "../proof/proof-section.tsx";
import { useClaim, useProof } from "../proof/use-proof.ts";
import { ErrorPanel, LoadingRows } from "../ui/states.tsx";
import { ChangeList } from "./change-list.tsx";
import { EventHead } from "./event-head.tsx";
import { EventUnknown } from "./event-unknown.tsx";
import { FieldList } from "./field-list.tsx";
import { FreeData } from "./free-data.tsx";
import { Neighbours } from "./neighbours.tsx";
import { RawBytes } from "./raw-bytes.tsx";
import { readEntry } from "./read-entry.ts";
import { Section } from "./section.tsx";
import classes from "./event.module.css";

interface EventDetailsProps {
  readonly log: string;
  readonly index: number;
}

/**
 * An event as its bytes say it, and the proof of these bytes. Nothing else that the node says of the event is shown but its
 * state, which no proof has.
 */
export function EventDetails({ log, index }: EventDetailsProps) {
  const claim = useClaim(log, index);
  const proof = useProof(log, index, claim.data, claim.dataUpdatedAt);
  const answered = claim.data;
  const bytes = answered && !isUnreadable(answered) ? answered.entry : undefined;
  const entry = useMemo(() => bytes && readEntry(bytes), [bytes]);

  if (claim.error && !answered) {
    if (claim.error instanceof RefusedError && claim.error.code === "entry_unknown") {
      return <EventUnknown log={log} index={index} />;
    }
    const retry = () => void claim.refetch();
    return <ErrorPanel title="The event can't be shown" error={claim.error} retry={retry} />;
  }
  if (!answered) return <LoadingRows rows={10} />;
  const state = isUnreadable(answered) ? undefined : answered.state;
  return (
    <div className={classes["view"]} data-event={index}>
      <Stack gap="sm">
        <EventHead log={log} index={index} state={state} entry={entry} />
        <ProofLine proof={proof} />
      </Stack>
      <div className={classes["columns"]}>
        <div className={classes["column"]}>
          {bytes && !entry && (
            <Alert color="red" title="These bytes are no event">
              They can only be looked at as they are.
            </Alert>
          )}
          {entry && (
            <>
              <Neighbours index={index} entry={entry} />
              <FieldList entry={entry} />
              {entry.changes && entry.changes.length > 0 && <ChangeList changes={entry.changes} />}
              <FreeData entry={entry} />
            </>
          )}
          {bytes && <RawBytes bytes={bytes} name={`${log}-${index}`} />}
        </div>
        <div className={classes["column"]}>
          <Section title="Proof" id="proof">
            <ProofSection
              log={log}
              index={index}
              answered={answered}
              proof={proof}
              again={() => void claim.refetch()}
            />
          </Section>
        </div>
      </div>
    </div>
  );
}
