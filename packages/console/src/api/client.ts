import type { SteleClient } from "@stele/client";
import { useMemo } from "react";
import { noticeRefusal, useSession } from "../app/session.ts";
import { useLogName } from "../app/log-name.ts";
import { makeClient } from "./make-client.ts";

/** A client of the log that the URL names, with the token of this tab. */
export function useClient(log?: string): SteleClient {
  const { token } = useSession();
  const current = useLogName();
  return useMemo(() => pageClient(log ?? current, token), [log, current, token]);
}

/** A client that makes the page ask for another token once the node refuses this one. */
export function pageClient(log: string, token: string | undefined): SteleClient {
  return makeClient(log, token, (error) => noticeRefusal(error, token));
}
