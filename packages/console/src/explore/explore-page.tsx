import { Title } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, type RefObject } from "react";
import { useStatus } from "../api/status.ts";
import { useLogName } from "../app/log-name.ts";
import { usePageTitle } from "../app/page-title.ts";
import { Facets } from "./facets.tsx";
import { FirstRun } from "./first-run.tsx";
import { NamesSeen } from "./facets/names-seen.ts";
import { NamesContext } from "./facets/use-names.ts";
import { Histogram } from "./histogram.tsx";
import { ResultTable } from "./result-table.tsx";
import { nodeProblem } from "./search-box/node-problem.ts";
import { SearchBox } from "./search-box/search-box.tsx";
import { useRefresh, useSnapshot } from "./snapshot.ts";
import { Tools } from "./tools.tsx";
import { useExplore } from "./use-explore.ts";
import { useHasRoomForFacets } from "./use-is-narrow.ts";
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
  // oxlint-disable-next-line react/exhaustive-deps -- Each log has its own.
  const names = useMemo(() => new NamesSeen(), [log]);
  return (
    <NamesContext value={names}>
      <div className={classes["page"]}>
        <Title order={1} className="spoken">
          Explore
        </Title>
        <Tools
          searchBox={
            <SearchBox
              query={q}
              ask={ask}
              range={search}
              refusal={refusal}
              onAgain={refresh}
              onLeave={leave}
            />
          }
          refresh={refresh}
          hasResults={!isEmpty}
        />
        {isEmpty ? <FirstRun /> : <Results tableRef={results} />}
      </div>
    </NamesContext>
  );
}

function Results({ tableRef }: { readonly tableRef: RefObject<HTMLElement | null> }) {
  const hasRoom = useHasRoomForFacets();
  return (
    <>
      <Histogram />
      <div className={classes["columns"]}>
        {hasRoom && (
          // It scrolls, and until its values are there nothing else in it takes the focus.
          <aside className={classes["facets"]} aria-label="Facets" tabIndex={0}>
            <Facets />
          </aside>
        )}
        <section ref={tableRef} className={classes["results"]} aria-label="Events">
          <ResultTable />
        </section>
      </div>
    </>
  );
}

/** Whether the log has no entries at all. Noticed soon after the first one is there. */
function useIsEmpty(): boolean {
  const log = useLogName();
  const { data } = useStatus();
  return data?.logs.find(({ name }) => name === log)?.treeSize === 0;
}
