import { QueryClient } from "@tanstack/react-query";

/** The client library tries again by itself where that can help. */
export const queryClient = new QueryClient({
  defaultOptions: {
    // A node on this machine or in this network is there, whatever the browser thinks of the internet.
    queries: { networkMode: "always", retry: false, staleTime: 5_000, refetchOnWindowFocus: false },
    mutations: { networkMode: "always", retry: false },
  },
});
