import type { HistoryRange } from "@stele/client";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { HealthSearch } from "../health-search.ts";

const RANGE = "1h";

/** How far back the URL says that the charts go. */
export function useRange(): [range: HistoryRange, setRange: (range: HistoryRange) => void] {
  const { range = RANGE }: HealthSearch = useSearch({ from: "/health" });
  const navigate = useNavigate({ from: "/health" });
  const setRange = (chosen: HistoryRange) =>
    void navigate({ to: "/health", search: (before) => ({ ...before, range: chosen }), resetScroll: false });
  return [range, setRange];
}
