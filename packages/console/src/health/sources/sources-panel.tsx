import { Button, TextInput } from "@mantine/core";
import type { MetricsHistory, Source } from "@stele/client";
import { useDeferredValue, useMemo, useState } from "react";
import { useSource, useSources } from "../../api/sources.ts";
import { formatCount } from "../../ui/format-number.ts";
import { ErrorPanel, LoadingRows } from "../../ui/states.tsx";
import { newestOf } from "../charts/history-view.ts";
import { FiguresTable } from "../ui/figures-table.tsx";
import { Nothing, Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import { SourceRow } from "./source-row.tsx";
import { byProblem, sourceState } from "./source-state.ts";
import classes from "./sources.module.css";

const ROWS = 25;

interface SourcesPanelProps {
  readonly log: string;
  /** Of the last hour: it has how many sources have problems, of all. */
  readonly history: MetricsHistory | undefined;
}

/** What each source has sent, and what is missing. Those with problems first. */
export function SourcesPanel({ log, history }: SourcesPanelProps) {
  const [sought, setSought] = useState("");
  const wanted = useDeferredValue(sought.trim());
  const [rows, setRows] = useState(ROWS);
  const { data, error, refetch, dataUpdatedAt, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useSources();

  const loaded = useMemo(() => data?.pages.flatMap(({ sources }) => sources), [data]);
  // Among those that were not loaded: by its whole id.
  const isElsewhere =
    wanted !== "" && hasNextPage && loaded?.every(({ id }) => !id.includes(wanted)) === true;
  const { data: exact } = useSource(isElsewhere ? wanted : "");
  const found = useMemo(() => {
    const among = (loaded ?? []).filter(({ id }) => id.includes(wanted));
    return [...among, ...((isElsewhere && exact?.sources) || [])]
      .map((source) => sourceState(source, dataUpdatedAt))
      .toSorted(byProblem);
  }, [loaded, exact, isElsewhere, wanted, dataUpdatedAt]);

  if (!data || !loaded) {
    return (
      <Panel id="sources" title="Sources">
        {error ? (
          <ErrorPanel title="The sources can't be shown" error={error} retry={() => void refetch()} />
        ) : (
          <LoadingRows rows={4} />
        )}
      </Panel>
    );
  }
  const { total = 0, unfollowedEntries = 0 } = data.pages[0] ?? {};
  if (total === 0) {
    return (
      <Panel id="sources" title="Sources">
        <Nothing title="No sources">
          Integrity is not completeness: what was never sent is not in the log, and nothing shows it.
          Producers that name themselves in <code>source.id</code> and number their events in{" "}
          <code>source.seq</code> make gaps visible. How: docs/spec/sources.md.
        </Nothing>
      </Panel>
    );
  }
  const more = () => {
    if (rows >= found.length && hasNextPage) void fetchNextPage();
    setRows((before) => before + ROWS);
  };
  return (
    <Panel
      id="sources"
      title="Sources"
      summary={`${formatCount(total)}, ${hasNextPage ? `the first ${formatCount(loaded.length)} by id are sorted here` : "those with problems first"}`}
    >
      <div className={classes["head"]}>
        <TextInput
          label="Find a source"
          description="A part of its id"
          value={sought}
          onChange={(event) => {
            setSought(event.currentTarget.value);
            setRows(ROWS);
          }}
          autoComplete="off"
          spellCheck={false}
        />
        <p className={classes["problems"]}>
          <Problems log={log} history={history} loaded={loaded} />
          {unfollowedEntries > 0 && (
            <Verdict is="warning">
              {formatCount(unfollowedEntries)} entries are of sources that are not followed: there are too
              many
            </Verdict>
          )}
        </p>
      </div>
      <p className={classes["found"]} role="status">
        {found.length === 0 && "No source has this id."}
      </p>
      {found.length > 0 && (
        <FiguresTable
          label="Sources of the log"
          head={[
            "Source",
            "State",
            "Missing",
            "Complete up to",
            "Last number",
            "Duplicates",
            "Last sent",
            "Entries",
          ]}
          numbers={[2, 3, 4, 5, 7]}
        >
          {found.slice(0, rows).map((state) => (
            <SourceRow key={state.source.id} state={state} />
          ))}
        </FiguresTable>
      )}
      {(found.length > rows || (hasNextPage && wanted === "")) && (
        <Button size="compact-sm" variant="default" mt="xs" onClick={more} loading={isFetchingNextPage}>
          Show more
        </Button>
      )}
    </Panel>
  );
}

interface ProblemsProps extends SourcesPanelProps {
  readonly loaded: readonly Source[];
}

/** Of all sources, as the node counts them: also of those that are not loaded. It counts gaps that have stayed for a while. */
function Problems({ log, history, loaded }: ProblemsProps) {
  const counted = newestOf(history, { name: "sources_with_gaps", labels: { log } })?.value;
  const silent = newestOf(history, { name: "sources_silent", labels: { log } })?.value;
  if (counted === undefined || silent === undefined) return undefined;
  const gaps = Math.max(counted, loaded.filter(({ gapCount }) => gapCount > 0).length);
  if (gaps === 0 && silent === 0) return <Verdict is="good">No gap, and none is silent</Verdict>;
  return (
    <Verdict is="bad">
      {formatCount(gaps)} with gaps, {formatCount(silent)} silent
    </Verdict>
  );
}
