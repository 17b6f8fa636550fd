import { Button } from "@mantine/core";
import type { Entry } from "@stele/client";
import { useMemo, useState } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { LongText } from "../ui/long-text.tsx";
import { OutcomeBadge } from "../ui/outcome.tsx";
import { Time } from "../ui/time.tsx";
import { fieldRows, type FieldRow } from "./field-rows.ts";
import { FilterButtons } from "./filter-buttons.tsx";
import { Section } from "./section.tsx";
import classes from "./event.module.css";

/** An event may have a hundred targets. */
const ROWS_MAX = 30;

/** The fields of an event, to be copied and to search by. */
export function FieldList({ entry }: { readonly entry: Entry }) {
  const rows = useMemo(() => fieldRows(entry), [entry]);
  const [isWhole, setWhole] = useState(false);
  return (
    <Section title="Fields">
      <dl className={classes["fields"]}>
        {(isWhole ? rows : rows.slice(0, ROWS_MAX)).map((row) => (
          <Field key={row.label} row={row} />
        ))}
      </dl>
      {rows.length > ROWS_MAX && !isWhole && (
        <Button mt="xs" size="compact-sm" variant="default" onClick={() => setWhole(true)}>
          Show all {rows.length} fields
        </Button>
      )}
    </Section>
  );
}

function Field({ row: { label, kind, text, term } }: { readonly row: FieldRow }) {
  return (
    <div className={classes["field"]}>
      <dt>{label}</dt>
      <dd>
        {kind === "time" && <Time value={text} withZone />}
        {kind === "outcome" && <OutcomeBadge outcome={text} />}
        {kind === "text" && <LongText text={text} />}
      </dd>
      <dd className={classes["buttons"]}>
        {term && <FilterButtons term={term} label={label.toLowerCase()} />}
        <CopyButton text={text} what={label.toLowerCase()} />
      </dd>
    </div>
  );
}
