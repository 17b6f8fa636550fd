import { Badge, Button, Group, Text } from "@mantine/core";
import type { Change } from "@stele/client";
import { useMemo, useState } from "react";
import { Foreign } from "../ui/foreign.tsx";
import { LongText } from "../ui/long-text.tsx";
import { changeKind, type ChangeKind } from "./change-kind.ts";
import { JsonTree } from "./json-tree.tsx";
import { Section } from "./section.tsx";
import { diffTexts, type DiffRun } from "./sequence-diff.ts";
import classes from "./event.module.css";

const CHANGES_SHOWN = 30;
/** What is compared at once: the rest of an event fits in, too. */
const TEXT_LENGTH_MAX = 20_000;

const WORDS: Readonly<Record<ChangeKind, string>> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  unchanged: "the same",
  named: "changed, values not told",
};

/** What the event says it changed: old and new side by side. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }) {
  const [shown, setShown] = useState(CHANGES_SHOWN);
  return (
    <Section title={`Changes (${changes.length})`}>
      {changes.slice(0, shown).map((change, i) => (
        // A field may be named twice.
        <ChangeItem key={i} change={change} />
      ))}
      {changes.length > shown && (
        <Button mt="xs" size="compact-sm" variant="default" onClick={() => setShown(shown * 4)}>
          Show more of {changes.length} changes
        </Button>
      )}
    </Section>
  );
}

function ChangeItem({ change }: { readonly change: Change }) {
  const kind = changeKind(change);
  const word = WORDS[kind];
  const runs = useMemo(() => textRuns(change), [change]);
  return (
    <div className={classes["change"]}>
      <Group gap="xs">
        <Text size="sm" fw={600} className="mono" component="span" maw="100%">
          <LongText text={change.field} />
        </Text>
        <Badge size="sm" radius="sm" variant="default" tt="none">
          {word}
        </Badge>
      </Group>
      {kind !== "named" && (
        <div className={classes["sides"]}>
          <div className={`${classes["side"]} ${classes["old"]}`}>
            <span className={classes["sideName"]}>Old</span>
            {kind === "added" ? <em>none</em> : <Value value={change.old} runs={runs} without="added" />}
          </div>
          <div className={`${classes["side"]} ${classes["new"]}`}>
            <span className={classes["sideName"]}>New</span>
            {kind === "removed" ? <em>none</em> : <Value value={change.new} runs={runs} without="removed" />}
          </div>
        </div>
      )}
    </div>
  );
}

interface ValueProps {
  readonly value: unknown;
  readonly runs: readonly DiffRun[] | undefined;
  /** The runs that are the other side's. */
  readonly without: "added" | "removed";
}

function Value({ value, runs, without }: ValueProps) {
  if (runs) return runs.filter(({ kind }) => kind !== without).map((run, i) => <Run key={i} run={run} />);
  if (typeof value === "string") {
    return value === "" ? <em>empty text</em> : <LongText text={value} />;
  }
  return <JsonTree value={value} />;
}

function Run({ run: { kind, text } }: { readonly run: DiffRun }) {
  const shown = <Foreign text={text} />;
  if (kind === "removed") return <del>{shown}</del>;
  if (kind === "added") return <ins>{shown}</ins>;
  return shown;
}

/** Both as one sequence, if both are texts that can be compared. */
function textRuns({ old, new: now }: Change): readonly DiffRun[] | undefined {
  if (typeof old !== "string" || typeof now !== "string" || old === now) return undefined;
  if (old === "" || now === "" || old.length + now.length > TEXT_LENGTH_MAX) return undefined;
  const runs = diffTexts(old, now);
  // Two texts with nothing in common are easier to read whole.
  return runs?.some(({ kind }) => kind === "same") === true ? runs : undefined;
}
