import { Button } from "@mantine/core";
import type { Alarm } from "@stele/client";
import { IconAlertTriangle, IconBellOff } from "@tabler/icons-react";
import { useState } from "react";
import { Foreign } from "../../ui/foreign.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { Time } from "../../ui/time.tsx";
import { Acknowledge } from "./acknowledge.tsx";
import { AlarmEvidence } from "./alarm-evidence.tsx";
import { runbookHint } from "./runbook.ts";
import classes from "./alarms.module.css";

/** One alarm: what, since when, where, what to do, and what it is known by. */
export function AlarmCard({ alarm }: { readonly alarm: Alarm }) {
  const [isOpen, setOpen] = useState(false);
  const { acknowledged, log, subject } = alarm;
  const hint = runbookHint(alarm.code);
  const Icon = acknowledged ? IconBellOff : IconAlertTriangle;
  return (
    <article className={classes["card"]} data-severity={alarm.severity} data-seen={acknowledged && "true"}>
      <p className={classes["title"]}>
        <span className={classes["severity"]}>
          <Icon size={16} aria-hidden />
          {alarm.severity}
        </span>
        <span className="mono">
          <Foreign text={alarm.code} />
        </span>
        <span>
          since <Time value={alarm.since} seconds withZone />
        </span>
      </p>
      <p className={classes["message"]}>
        <LongText text={alarm.message} />
      </p>
      <p className={classes["detail"]}>
        <b>Place:</b> <Foreign text={log === undefined ? "this node" : `log ${log}`} />
        {subject !== "" && (
          <>
            , <LongText text={subject} />
          </>
        )}
      </p>
      {hint !== undefined && (
        <p className={classes["detail"]}>
          <b>What to do:</b> {hint}
        </p>
      )}
      {acknowledged && <Acknowledged {...acknowledged} />}
      <div className={classes["actions"]}>
        {!acknowledged && <Acknowledge alarm={alarm} />}
        {alarm.hasEvidence && (
          <Button
            size="compact-sm"
            variant="default"
            aria-expanded={isOpen}
            onClick={() => setOpen((before) => !before)}
          >
            {isOpen ? "Hide the evidence" : "Show the evidence"}
          </Button>
        )}
      </div>
      {isOpen && <AlarmEvidence id={alarm.id} />}
    </article>
  );
}

function Acknowledged({ at, by, note }: NonNullable<Alarm["acknowledged"]>) {
  return (
    <p className={classes["detail"]}>
      <b>Acknowledged</b> <Time value={at} seconds withZone />
      {by !== undefined && (
        <>
          {" by "}
          <Foreign text={by} />
        </>
      )}
      {note !== undefined && note !== "" && (
        <>
          {": "}
          <Foreign text={note} />
        </>
      )}
    </p>
  );
}
