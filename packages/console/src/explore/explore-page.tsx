import { Title } from "@mantine/core";
import { useCallback } from "react";
import { Facets } from "./facets.tsx";
import { Histogram } from "./histogram.tsx";
import { Refresh } from "./refresh.tsx";
import { ResultTable } from "./result-table.tsx";
import { SearchBox } from "./search-box/search-box.tsx";
import { useRefresh } from "./snapshot.ts";
import { TimeRange } from "./time-range/time-range.tsx";
import { useExplore } from "./use-explore.ts";
import classes from "./explore.module.css";

/** Search the log: what is asked for above, the answer below, all of it in the URL. */
export function ExplorePage() {
  const { search, change } = useExplore();
  const refresh = useRefresh();
  const ask = useCallback((q: string) => change({ q, event: undefined }), [change]);
  return (
    <div className={classes["page"]}>
      <Title order={1} className={classes["title"]}>
        Explore
      </Title>
      <div className={classes["tools"]}>
        <div className={classes["search"]}>
          <SearchBox query={search.q ?? ""} ask={ask} range={search} refusal={undefined} onAgain={refresh} />
        </div>
        <TimeRange />
        <Refresh />
      </div>
      <Histogram />
      <div className={classes["columns"]}>
        <aside className={classes["facets"]} aria-label="Facets">
          <Facets />
        </aside>
        <section className={classes["results"]} aria-label="Events">
          <ResultTable />
        </section>
      </div>
    </div>
  );
}
