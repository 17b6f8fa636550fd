import { createContext, useContext, useSyncExternalStore } from "react";
import { NamesSeen } from "./names-seen.ts";

/** Of the page and its log: what was seen of another one, or by somebody else, is not used. */
export const NamesContext = createContext<NamesSeen>(new NamesSeen());

/** The names that the page has seen; whoever uses it is drawn anew when there are more. */
export function useNames(): NamesSeen {
  const names = useContext(NamesContext);
  useSyncExternalStore(names.subscribe, names.version);
  return names;
}
