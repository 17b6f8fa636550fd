import { Button, Skeleton } from "@mantine/core";
import type { CountField } from "@stele/client";
import { useCallback, useState } from "react";
import { formatCount } from "../../ui/format-number.ts";
import { useExplore } from "../use-explore.ts";
import { FacetValue } from "./facet-value.tsx";
import { useNames } from "./use-names.ts";
import { useTopValues } from "./use-top-values.ts";
import classes from "./facets.module.css";

const FEW = 10;
const MANY = 50;

interface FacetProps {
  readonly field: CountField;
  readonly label: string;
  /** As many as there usually are, to hold their place while they are counted. */
  readonly usual: number;
  readonly total: number | undefined;
}

/** The most frequent values of one field. */
export function Facet({ field, label, usual, total }: FacetProps) {
  const [limit, setLimit] = useState(FEW);
  const { data, error, isPlaceholderData, refetch } = useTopValues(field, limit);
  const { search, change } = useExplore();
  const onQuery = useCallback((q: string) => change({ q, event: undefined }), [change]);
  const names = useNames();
  const values = data?.values ?? [];
  return (
    <section aria-label={label} aria-busy={isPlaceholderData} className={classes["facet"]}>
      <h2 className={classes["title"]}>{label}</h2>
      {error && (
        <p className={classes["note"]}>
          These can’t be counted.{" "}
          <Button size="compact-xs" variant="default" onClick={() => void refetch()}>
            Try again
          </Button>
        </p>
      )}
      {!data && !error && (
        <div aria-busy>
          {Array.from({ length: usual }, (_, i) => (
            <Skeleton key={i} height={22} my={2} />
          ))}
        </div>
      )}
      {data && values.length === 0 && <p className={classes["note"]}>none</p>}
      <ul className={`${classes["list"]} ${isPlaceholderData ? classes["old"] : ""}`}>
        {values.map(({ value, count }) => (
          <FacetValue
            key={value}
            field={field}
            value={value}
            name={names.nameOf(field, value)}
            count={count}
            total={total}
            query={search.q ?? ""}
            onQuery={onQuery}
          />
        ))}
      </ul>
      {values.length >= FEW && (
        <Button
          size="compact-xs"
          variant="subtle"
          aria-expanded={limit === MANY}
          aria-label={`${limit === FEW ? `Show up to ${formatCount(MANY)}` : "Show fewer"}: ${label}`}
          onClick={() => setLimit(limit === FEW ? MANY : FEW)}
        >
          {limit === FEW ? `Show up to ${formatCount(MANY)}` : "Show fewer"}
        </Button>
      )}
    </section>
  );
}
