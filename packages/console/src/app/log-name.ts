import { useParams, useSearch } from "@tanstack/react-router";

export const DEFAULT_LOG = "main";

/** The log that the URL names: in its path, where an event is, or in its search. */
export function useLogName(): string {
  const { log: ofPath } = useParams({ strict: false });
  const { log = DEFAULT_LOG } = useSearch({ from: "__root__" });
  return ofPath ?? log;
}

/** What a link to another page of the same log has in its search. */
export function useLogSearch(): { readonly log?: string } {
  const log = useLogName();
  return log === DEFAULT_LOG ? {} : { log };
}
