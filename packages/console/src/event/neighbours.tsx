import { Button } from "@mantine/core";
import type { Entry } from "@stele/client";
import { Link } from "@tanstack/react-router";
import { exploreWith, useExploreSearch, type ExploreLink } from "./explore-link.ts";
import type { ExactTerm } from "@stele/query";
import { Section } from "./section.tsx";
import classes from "./event.module.css";

const AROUND_MS = 300_000;
const TARGETS_MAX = 5;
/** No date is later; the bytes may not be proven. */
const TIME_MS_MAX = 8.64e15 - AROUND_MS;

interface NeighboursProps {
  readonly index: number;
  readonly entry: Entry;
}

/** Everything around an event, each one click away: searches of their own, at all times, with this event beside them. */
export function Neighbours({ index, entry }: NeighboursProps) {
  const { log } = useExploreSearch();
  const base: ExploreLink = { ...(log !== undefined && { log }), event: index };
  const { context = {}, targets = [] } = entry;
  const ids = [...new Set(targets.map(({ id }) => id))].slice(0, TARGETS_MAX);
  const links: (readonly [label: string, term: ExactTerm | undefined])[] = [
    ["Same actor", { field: "actor", value: entry.actor.id }],
    ...ids.map((id, i): readonly [string, ExactTerm] => [
      ids.length === 1 ? "Same target" : `Same target ${i + 1}`,
      { field: "target", value: id },
    ]),
    ["Same request", termOf("request_id", context.request_id)],
    ["Same trace", termOf("trace_id", context.trace_id)],
    ["Same session", termOf("session_id", context.session_id)],
    ["Same IP address", termOf("ip", context.ip)],
  ];
  const atMs = Date.parse(entry.occurred_at);
  return (
    <Section title="Around it">
      <div className={classes["neighbours"]}>
        {links.map(([label, term]) => {
          const search = term && exploreWith(base, term);
          return search && <Neighbour key={label} label={label} search={search} />;
        })}
        {Number.isFinite(atMs) && Math.abs(atMs) < TIME_MS_MAX && (
          <Neighbour
            label="5 minutes before and after"
            search={{ ...base, from: isoTime(atMs - AROUND_MS), to: isoTime(atMs + AROUND_MS) }}
          />
        )}
      </div>
    </Section>
  );
}

function Neighbour({ label, search }: { readonly label: string; readonly search: ExploreLink }) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      renderRoot={(props) => <Link to="/" search={search} {...props} />}
    >
      {label}
    </Button>
  );
}

function termOf(field: string, value: string | undefined): ExactTerm | undefined {
  return value === undefined ? undefined : { field, value };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
