import { ActionIcon, Anchor, Popover } from "@mantine/core";
import { IconHelp } from "@tabler/icons-react";
import classes from "./search-box.module.css";

const RULES = [
  ["actor:alice", "a field is a value, compared whole"],
  ["actor:alice action:login", "all terms must hold"],
  ["outcome:failure,denied", "one of several values"],
  ["action:document.*", "* stands for any characters"],
  ["tenant:*", "the field is there"],
  ["-actor:alice", "a term that must not hold"],
  ['actor:"Alice B"', "quotes around spaces and commas"],
  ["ip:10.0.0.0/8", "an address, or a range of them"],
  ["metadata.region:eu-*", "a value inside metadata"],
  ["after:-7d before:-1d", "times, beside those of the time range"],
  ["quarterly", "text anywhere in the event, a or A alike"],
  ["12\\:30", '\\ takes a meaning away, of * , : " \\ or a space'],
] as const;

const KEYS = [
  ["/", "to the search box"],
  ["↓ ↑", "through what is suggested"],
  ["Tab", "takes a suggestion"],
  ["Enter", "searches, or takes the suggestion that is marked"],
  ["Esc", "closes the suggestions, else leaves the box, for the table"],
  ["↓ ↑ Enter Esc", "in the table: to the next event, open it, close it"],
] as const;

/** The language on one screen. */
export function QueryHelp() {
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label="How to search">
          <IconHelp size={18} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="How to search" className={classes["help"] ?? ""}>
        <h2>How to search</h2>
        <Definitions rows={RULES} />
        <h2>Keys</h2>
        <Definitions rows={KEYS} />
        <p>
          The same language serves the{" "}
          <Anchor href="/docs" inherit>
            HTTP API
          </Anchor>{" "}
          and “stele search”. All of it: docs/operate/search.md.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}

function Definitions({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {rows.map(([term, meaning]) => (
        <div key={term}>
          <dt className="mono">{term}</dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
