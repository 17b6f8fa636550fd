import type { SourcePage } from "@stele/client";
import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useClient } from "./client.ts";

const SOURCES_EVERY_MS = 15_000;
/** As many as a node gives at once. */
const PAGE_SOURCES = 1_000;

/** The sources of the log, by id, page after page. */
export function useSources(): UseInfiniteQueryResult<InfiniteData<SourcePage>> {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ["sources", client.log],
    queryFn: ({ signal, pageParam }) =>
      client.sources({
        limit: PAGE_SOURCES,
        ...(pageParam !== undefined && { after: pageParam }),
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextAfter }) => nextAfter,
    refetchInterval: SOURCES_EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

/** The one with exactly this id, if there is one; not asked for while it is empty. */
export function useSource(id: string): UseQueryResult<SourcePage> {
  const client = useClient();
  return useQuery({
    queryKey: ["sources", client.log, id],
    queryFn: ({ signal }) => client.sources({ id, signal }),
    enabled: id !== "",
  });
}
