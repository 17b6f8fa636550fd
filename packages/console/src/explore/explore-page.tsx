import { Title } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, type RefObject } from "react";
import { useStatus } from "../api/status.ts";
import { useLogName } from "../app/log-name.ts";
import { usePageTitle } from "../app/page-title.ts";
import { ExportMenu } from "./export/export-menu.tsx";
import type { EventSelection } from "./export/read-events.ts";
import { Facets } from "./facets.tsx";
import { FirstRun } from "./first-run.tsx";
import { Histogram } from "./histogram.tsx";
import { useTotal } from "./histogram/use-counts.ts";
import { Refresh } from "./refresh.tsx";
import { ResultTable } from "./result-table.tsx";
import { SavedSearches } from "./saved-searches/saved-searches.tsx";
import { nodeProblem } from "./search-box/node-problem.ts";
import { SearchBox } from "./search-box/search-box.tsx";
import { useRefresh, useSnapshot } from "./snapshot.ts";
import { TimeRange } from "./time-range/time-range.tsx";
import { useExplore } from "./use-explore.ts";
import classes from "./explore.module.css";

/** Search the log: what is asked for above, the answer below, all of it in the URL. */
export function ExplorePage() {
  const { search, change } = useExplore();
  const { q = "" } = search;
  const log = useLogName();
  usePageTitle(...(q === "" ? [] : [q]), "Explore", log);
  const results = useRef<HTMLElement>(null);
  const { error } = useSnapshot();
  const refresh = useRefresh();
  const ask = useCallback((asked: string) => change({ q: asked, event: undefined }), [change]);
  const leave = useCallback(() => results.current?.querySelector<HTMLElement>("[role=grid]")?.focus(), []);
  const refusal = useMemo(() => nodeProblem(error, q), [error, q]);
  const isEmpty = useIsEmpty();
  // The snapshot of the empty log is not what anybody wants to see once there is something.
  useEffect(() => (isEmpty ? refresh : undefined), [isEmpty, refresh]);
  return (
    <div className={classes["page"]}>
      <Title order={1} className="spoken">
        Explore
      </Title>
      <div className={classes["tools"]}>
        <div className={classes["search"]}>
          <SearchBox query={q} ask={ask} range={search} refusal={refusal} onAgain={refresh} onLeave={leave} />
        </div>
        <TimeRange />
        <div className={classes["buttons"]}>
          <Refresh refresh={refresh} />
          <SavedSearches />
          <Export />
        </div>
      </div>
      {isEmpty ? <FirstRun /> : <Results tableRef={results} />}
    </div>
  );
}

function Results({ tableRef }: { readonly tableRef: RefObject<HTMLElement | null> }) {
  return (
    <>
      <Histogram />
      <div className={classes["columns"]}>
        <aside className={classes["facets"]} aria-label="Facets">
          <Facets />
        </aside>
        <section ref={tableRef} className={classes["results"]} aria-label="Events">
          <ResultTable />
        </section>
      </div>
    </>
  );
}

/** Of what the table shows: the same events, in the same order. */
function Export() {
  const { search } = useExplore();
  const { order = "newest" } = search;
  const { data: snapshot, isPlaceholderData } = useSnapshot();
  const total = useTotal(snapshot);
  const selection = useMemo((): EventSelection | undefined => {
    if (!snapshot || isPlaceholderData) return undefined;
    const { query, asOf } = snapshot;
    return { query, asOf, order, total };
  }, [snapshot, isPlaceholderData, order, total]);
  return <ExportMenu selection={selection} />;
}

/** Whether the log has no entries at all. Noticed soon after the first one is there. */
function useIsEmpty(): boolean {
  const log = useLogName();
  const { data } = useStatus();
  return data?.logs.find(({ name }) => name === log)?.treeSize === 0;
}
