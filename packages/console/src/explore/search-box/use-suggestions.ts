import { useDebouncedValue } from "@mantine/hooks";
import { completionAt, type Completion } from "@stele/query";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useClient } from "../../api/client.ts";
import { knownSuggestions, valueQuestion, valueSuggestions, type Suggestion } from "./suggestion.ts";

/** Somebody who types on is not asked for. */
const PAUSE_MS = 150;
const FRESH_MS = 30_000;
const NONE: readonly Suggestion[] = [];

export interface Suggestions {
  /** The place that a suggestion goes to. */
  readonly completion: Completion | undefined;
  readonly suggestions: readonly Suggestion[];
  readonly error: Error | null;
}

/** The time range that values are looked for in, as the URL has it. */
export interface SuggestedRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What can stand at the cursor: fields, and values that events in the time range have, under the rest of the query. */
export function useSuggestions(
  text: string,
  cursor: number,
  { from, to }: SuggestedRange,
  enabled: boolean,
): Suggestions {
  const client = useClient();
  const completion = useMemo(
    () => (enabled ? completionAt(text, cursor) : undefined),
    [enabled, text, cursor],
  );
  const question = useMemo(
    () => (completion?.kind === "value" ? valueQuestion(completion, { from, to }) : undefined),
    [completion, from, to],
  );
  const [asked] = useDebouncedValue(question, PAUSE_MS);
  const { data, error } = useQuery({
    queryKey: ["suggestions", client.log, asked?.query, asked?.field, asked?.limit],
    // The signal ends the request once nobody waits for its answer.
    queryFn: async ({ signal }) => {
      const { values } = await client.topValues(asked!.query, asked!.field, { limit: asked!.limit, signal });
      return { field: asked!.field, values };
    },
    enabled: enabled && asked !== undefined,
    staleTime: FRESH_MS,
    // Values that were shown stay, as far as they begin with what is typed, until others come.
    placeholderData: (before) => before,
  });

  const suggestions = useMemo(() => {
    if (completion === undefined) return NONE;
    if (completion.kind === "field") return knownSuggestions(completion);
    return valueSuggestions(completion, data?.field === completion.field ? data.values : undefined);
  }, [completion, data]);
  return { completion, suggestions, error: question === undefined ? null : error };
}
