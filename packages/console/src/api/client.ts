import type { SteleClient } from "@stele/client";
import { useMemo } from "react";
import { useSession } from "../app/session.ts";
import { useLogName } from "../app/log-name.ts";
import { makeClient } from "./make-client.ts";

/** A client of the log that the URL names, with the token of this tab. */
export function useClient(log?: string): SteleClient {
  const { token } = useSession();
  const current = useLogName();
  return useMemo(() => makeClient(log ?? current, token), [log, current, token]);
}
