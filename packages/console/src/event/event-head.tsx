import { Badge, Button, Group } from "@mantine/core";
import type { Entry } from "@stele/client";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { Link, useLocation, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { EventState } from "../ui/event-state.tsx";
import { Foreign } from "../ui/foreign.tsx";
import { Time } from "../ui/time.tsx";
import { sentenceOf, type Phrase } from "./sentence.ts";
import classes from "./event.module.css";

interface EventHeadProps {
  readonly log: string;
  readonly index: number;
  /** The node's word. */
  readonly state: string | undefined;
  readonly entry: Entry | undefined;
}

/** How far the event got, and what happened, in a sentence. */
export function EventHead({ log, index, state, entry }: EventHeadProps) {
  return (
    <>
      <Group gap="xs" justify="space-between">
        {state !== undefined && (
          <Badge variant="default" radius="sm" tt="none">
            <EventState state={state} />
          </Badge>
        )}
        <Group gap={4} ml="auto" component="nav" aria-label="Events beside this one">
          <Step
            log={log}
            index={index - 1}
            label="Previous"
            leftSection={<IconChevronLeft size={16} aria-hidden />}
          />
          <Step
            log={log}
            index={index + 1}
            label="Next"
            rightSection={<IconChevronRight size={16} aria-hidden />}
          />
        </Group>
      </Group>
      {entry && (
        <p className={classes["sentence"]}>
          {sentenceOf(entry).map((phrase, i) => (
            // Phrases have no other identity than their place.
            <PhraseText key={i} phrase={phrase} />
          ))}
        </p>
      )}
    </>
  );
}

const PHRASE_LENGTH_MAX = 200;

function PhraseText({ phrase: { kind, text } }: { readonly phrase: Phrase }) {
  if (kind === "words") return text;
  if (kind === "time") return <Time value={text} withZone seconds />;
  return (
    <strong>
      <Foreign text={text} lengthMax={PHRASE_LENGTH_MAX} />
    </strong>
  );
}

interface StepProps {
  readonly log: string;
  readonly index: number;
  readonly label: string;
  readonly leftSection?: ReactNode;
  readonly rightSection?: ReactNode;
}

/** To the event before or behind; beside the table of the explore page if that is where this one stands. */
function Step({ log, index, label, ...arrow }: StepProps) {
  const isPane = useLocation({ select: ({ pathname }) => pathname === "/" });
  const search = useSearch({ strict: false });
  // Not to be taken for that of the results, which the pane has, too.
  const name = `${label} event in the log`;
  const looks = {
    variant: "default",
    size: "compact-sm",
    "aria-label": name,
    title: name,
    ...arrow,
  } as const;
  if (index < 0) {
    return (
      <Button {...looks} disabled>
        {label}
      </Button>
    );
  }
  if (isPane) {
    return (
      <Button
        {...looks}
        renderRoot={(props) => <Link to="/" search={{ ...search, event: index }} replace {...props} />}
      >
        {label}
      </Button>
    );
  }
  const rest = search.log === undefined ? {} : { log: search.log };
  return (
    <Button
      {...looks}
      renderRoot={(props) => (
        <Link to="/event/$log/$index" params={{ log, index: String(index) }} search={rest} {...props} />
      )}
    >
      {label}
    </Button>
  );
}
