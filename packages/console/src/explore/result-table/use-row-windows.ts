import { useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { useClient } from "../../api/client.ts";
import { NamesContext } from "../facets/use-names.ts";
import { WINDOW_ROWS, type Snapshot } from "../snapshot.ts";
import { RowWindows } from "./row-windows.ts";

/** 2,400 rows: some megabytes, and 150 MB if each entry is as large as can be. */
const WINDOWS_MAX = 24;
/** A browser keeps six connections to a node. */
const LOADS_MAX = 3;

/** The rows of a snapshot, which come as they are looked at. */
export function useRowWindows(snapshot: Snapshot | undefined, order: "newest" | "oldest"): RowWindows {
  const client = useClient();
  const names = useContext(NamesContext);
  const windows = useMemo(() => {
    const made = new RowWindows({
      rowsPerWindow: WINDOW_ROWS,
      windowsMax: WINDOWS_MAX,
      loadsMax: LOADS_MAX,
      load: async (offset, signal) => {
        if (!snapshot) return [];
        const { query, asOf } = snapshot;
        const page = await client.searchPage(query, { order, offset, asOf, pageSize: WINDOW_ROWS, signal });
        names.learn(page.events);
        return page.events;
      },
    });
    if (snapshot && order === "newest") made.seed(0, snapshot.newest.events);
    return made;
  }, [snapshot, order, client, names]);
  useEffect(() => names.learn(snapshot?.newest.events ?? []), [names, snapshot]);
  useEffect(() => () => windows.close(), [windows]);
  useSyncExternalStore(windows.subscribe, () => windows.version);
  return windows;
}
