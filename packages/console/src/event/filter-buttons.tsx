import { ActionIcon, Tooltip } from "@mantine/core";
import { IconFilterOff, IconFilter } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { exploreWith, useExploreSearch } from "./explore-link.ts";
import type { ExactTerm } from "@stele/query";

interface FilterButtonsProps {
  readonly term: ExactTerm;
  /** The name of the field, for people. */
  readonly label: string;
}

/** Links to the search with "only this" or "not this" added. Nothing where no query can name the value. */
export function FilterButtons({ term, label }: FilterButtonsProps) {
  const current = useExploreSearch();
  const [only, not] = [exploreWith(current, term), exploreWith(current, { ...term, negated: true })];
  if (!only || !not) return undefined;
  const looks = { variant: "subtle", color: "gray", size: 24 } as const;
  return (
    <>
      <Tooltip label="Only this">
        <ActionIcon
          {...looks}
          renderRoot={(props) => <Link to="/" search={only} {...props} />}
          aria-label={`Only events with this ${label}`}
        >
          <IconFilter size={15} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Not this">
        <ActionIcon
          {...looks}
          renderRoot={(props) => <Link to="/" search={not} {...props} />}
          aria-label={`Only events without this ${label}`}
        >
          <IconFilterOff size={15} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
