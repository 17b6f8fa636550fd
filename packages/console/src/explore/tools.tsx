import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useId, useMemo, type ReactNode } from "react";
import { ExportMenu } from "./export/export-menu.tsx";
import { ExportPanel } from "./export/export-panel.tsx";
import type { EventSelection } from "./export/read-events.ts";
import { useExport } from "./export/use-export.ts";
import { FacetsDrawer } from "./facets.tsx";
import { SplitSelect } from "./histogram/split-select.tsx";
import { useTotal } from "./histogram/use-counts.ts";
import { Refresh } from "./refresh.tsx";
import { OrderButton } from "./result-table/order-button.tsx";
import { SavedSearches } from "./saved-searches/saved-searches.tsx";
import { useSnapshot } from "./snapshot.ts";
import { TimeRange } from "./time-range/time-range.tsx";
import { useExplore } from "./use-explore.ts";
import { useHasRoomForFacets, useIsNarrow } from "./use-is-narrow.ts";
import classes from "./explore.module.css";

interface ToolsProps {
  readonly searchBox: ReactNode;
  readonly refresh: () => void;
  /** Whether there are results, which some of the tools are for. */
  readonly hasResults: boolean;
}

/** What is asked, and what is done with the answer. On a narrow page two rows, and what is rarely used in a third one that is folded away. */
export function Tools({ searchBox, refresh, hasResults }: ToolsProps) {
  const isNarrow = useIsNarrow();
  const hasRoom = useHasRoomForFacets();
  const [isUnfolded, { toggle }] = useDisclosure();
  const id = useId();
  const exporting = useExport();
  const selection = useSelection();
  const rare = (
    <>
      <SavedSearches />
      <ExportMenu selection={selection} exporting={exporting} />
    </>
  );
  const label = isUnfolded ? "Fewer controls" : "More controls";
  const Icon = isUnfolded ? IconChevronUp : IconChevronDown;
  return (
    <div className={classes["tools"]}>
      <div className={classes["search"]}>{searchBox}</div>
      <TimeRange />
      <div className={classes["buttons"]}>
        <Refresh refresh={refresh} />
        {!hasRoom && hasResults && <FacetsDrawer />}
        {!isNarrow && rare}
        {isNarrow && (
          <ActionIcon
            variant="default"
            size={36}
            aria-label={label}
            title={label}
            aria-expanded={isUnfolded}
            aria-controls={id}
            onClick={toggle}
          >
            <Icon size={16} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {isNarrow && (
        <div id={id} className={classes["rare"]} role="group" aria-label="More controls" hidden={!isUnfolded}>
          {isUnfolded && (
            <>
              {rare}
              {hasResults && <OrderButton />}
              {hasResults && <SplitSelect />}
            </>
          )}
        </div>
      )}
      <ExportPanel progress={exporting.progress} dismiss={exporting.dismiss} />
    </div>
  );
}

/** What an export takes: what the table shows, in the same order. */
function useSelection(): EventSelection | undefined {
  const { search } = useExplore();
  const { order = "newest" } = search;
  const { data: snapshot, isPlaceholderData } = useSnapshot();
  const total = useTotal(snapshot);
  return useMemo(() => {
    if (!snapshot || isPlaceholderData) return undefined;
    const { query, asOf } = snapshot;
    return { query, asOf, order, total };
  }, [snapshot, isPlaceholderData, order, total]);
}
