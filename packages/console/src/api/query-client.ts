import { QueryCache, QueryClient } from "@tanstack/react-query";
import { noticeRefusal } from "../app/session.ts";

/** The client library tries again by itself where that can help. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeRefusal }),
  defaultOptions: {
    queries: { retry: false, staleTime: 5_000, refetchOnWindowFocus: false },
    mutations: { retry: false, onError: noticeRefusal },
  },
});
