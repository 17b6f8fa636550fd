import { useSearch } from "@tanstack/react-router";

export const DEFAULT_LOG = "main";

/** The log that the URL names. */
export function useLogName(): string {
  const { log = DEFAULT_LOG } = useSearch({ from: "__root__" });
  return log;
}
