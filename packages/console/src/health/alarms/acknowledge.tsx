import { Button, TextInput } from "@mantine/core";
import type { Alarm } from "@stele/client";
import { useState, type SubmitEvent } from "react";
import { useAcknowledge } from "../../api/alarms.ts";
import { useSessionInfo } from "../../api/session-info.ts";
import { visible } from "../../ui/foreign.tsx";
import { ErrorPanel } from "../../ui/states.tsx";
import classes from "./alarms.module.css";

const NOTE_LENGTH_MAX = 2_000;

/** Says that somebody has seen an alarm, with a note of theirs; or why this one can't. */
export function Acknowledge({ alarm }: { readonly alarm: Alarm }) {
  const { data: session } = useSessionInfo();
  const [isAsking, setAsking] = useState(false);
  if (session?.tokenRequired && session.token?.role !== "admin") {
    return (
      <p className={classes["detail"]}>
        Acknowledging needs a token with the role admin
        {session.token && `; yours is of a ${visible(session.token.role)}`}.
      </p>
    );
  }
  if (isAsking) return <AcknowledgeForm alarm={alarm} close={() => setAsking(false)} />;
  return (
    <Button size="compact-sm" onClick={() => setAsking(true)}>
      Acknowledge
    </Button>
  );
}

function AcknowledgeForm({ alarm, close }: { readonly alarm: Alarm; readonly close: () => void }) {
  const [note, setNote] = useState("");
  const { mutate, isPending, error } = useAcknowledge(alarm.id);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate(note.trim(), { onSuccess: close });
  };
  return (
    <form onSubmit={submit} className={classes["form"]}>
      <TextInput
        label="Note"
        description={meaning(alarm)}
        maxLength={NOTE_LENGTH_MAX}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        autoComplete="off"
        autoFocus
      />
      <div className={classes["actions"]}>
        <Button type="submit" size="compact-sm" loading={isPending}>
          Acknowledge
        </Button>
        <Button size="compact-sm" variant="default" onClick={close}>
          Cancel
        </Button>
      </div>
      {error && <ErrorPanel title="It was not acknowledged" error={error} />}
    </form>
  );
}

function meaning({ code }: Alarm): string {
  return code === "verification_failed"
    ? "A finding of verification is over once it is acknowledged, and is not told again. The name of your token is kept with it."
    : "It says that somebody has seen it: it is over by itself once its cause is. The name of your token is kept with it.";
}
