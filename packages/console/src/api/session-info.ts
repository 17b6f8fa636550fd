import type { Session as SessionInfo } from "@stele/client";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { DEFAULT_LOG } from "../app/log-name.ts";
import { useSession } from "../app/session.ts";
import { pageClient } from "./client.ts";

/** Whether the node needs a token, and whose this tab's is. It stands around the pages, and knows no log. */
export function useSessionInfo(): UseQueryResult<SessionInfo> {
  const { token } = useSession();
  return useQuery({
    queryKey: ["session", token],
    queryFn: ({ signal }) => sessionOf(token, signal),
    staleTime: Infinity,
  });
}

/** @throws RefusedError `token_unknown`, `token_expired` */
export async function sessionOf(token: string | undefined, signal?: AbortSignal): Promise<SessionInfo> {
  return await pageClient(DEFAULT_LOG, token).session(signal ? { signal } : {});
}
