import { Title } from "@mantine/core";
import { RefusedError } from "@stele/client";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { useLogName } from "../app/log-name.ts";
import { usePageTitle } from "../app/page-title.ts";
import { problemOf } from "../explore/search-box/query-problem.ts";
import { SearchBox } from "../explore/search-box/search-box.tsx";
import { ErrorPanel } from "../ui/states.tsx";
import { BreakAlert } from "./break-alert.tsx";
import { ListHead } from "./list-head.tsx";
import { LiveControls } from "./live-controls.tsx";
import { LiveList } from "./live-list.tsx";
import type { LiveSearch } from "./live-search.ts";
import { LiveStatus } from "./live-status.tsx";
import { LiveSummary } from "./live-summary.tsx";
import { useLiveFeed, useLiveView } from "./use-live-feed.ts";
import { useSpaceKey } from "./use-space-key.ts";
import classes from "./live.module.css";

/** The log as it grows: what comes is on top. The filter and where it begins are in the URL. */
export function LivePage() {
  const log = useLogName();
  const { q = "", from }: LiveSearch = useSearch({ from: "/live" });
  usePageTitle(...(q === "" ? [] : [q]), "Live", log);
  const navigate = useNavigate({ from: "/live" });
  const { feed, retry } = useLiveFeed(log, q, from);
  const view = useLiveView(feed);
  const { connection } = view;
  useSpaceKey(() => (view.held ? feed.release() : feed.hold()));

  const ask = useCallback(
    (query: string) =>
      void navigate({
        search: ({ q: _before, ...rest }) => (query === "" ? rest : { ...rest, q: query }),
      }),
    [navigate],
  );
  const begin = useCallback(
    (index: number | undefined) =>
      void navigate({
        search: ({ from: _before, ...rest }) => (index === undefined ? rest : { ...rest, from: index }),
      }),
    [navigate],
  );

  const failure = connection.state === "ended" ? connection.error : undefined;
  const isQueryWrong = failure instanceof RefusedError && failure.code === "query_invalid";
  return (
    <div className={classes["page"]}>
      <Title order={1} className="spoken">
        Live
      </Title>
      <div className={classes["tools"]}>
        <div className={classes["search"]}>
          <SearchBox
            query={q}
            ask={ask}
            range={NO_RANGE}
            refusal={isQueryWrong ? problemOf(failure, q) : undefined}
            onAgain={retry}
          />
        </div>
        <LiveControls feed={feed} view={view} from={from} begin={begin} />
      </div>
      <LiveStatus feed={feed} view={view} log={log} query={q} />
      <LiveSummary view={view} />
      {view.breaks.length > 0 && <BreakAlert breaks={view.breaks} />}
      {failure !== undefined && (
        <ErrorPanel title="The log can’t be followed" error={failure} retry={retry} />
      )}
      <ListHead />
      <LiveList feed={feed} view={view} log={log} isFiltered={q !== ""} begin={begin} />
    </div>
  );
}

const NO_RANGE = {};
