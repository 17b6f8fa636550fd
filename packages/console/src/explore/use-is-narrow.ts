import { useMediaQuery } from "@mantine/hooks";

/** Whether the page is as narrow as on a phone: events are cards then, and what is rarely used is folded away. */
export function useIsNarrow(): boolean {
  return useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
}

/** Whether there is room for values beside the table. */
export function useHasRoomForFacets(): boolean {
  return useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
}
