import { RefusedError, type ProofClaim, type SteleClient } from "@stele/client";
import { MalformedError } from "@stele/proof";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useClient } from "../api/client.ts";
import { isUnreadable, type Unreadable } from "./check-messages.ts";
import { unreadableAnswer } from "./check-proof.ts";
import type { ProofReport } from "./proof-report.ts";
import { runCheck } from "./run-check.ts";
import { TrustStore, type LogTrust } from "./trust-store.ts";

/** What a node answered when it was asked for an entry. */
export type Answered = ProofClaim | Unreadable;

/** An entry with what is to prove it, not verified. Refusals and failures to reach the node are errors of the query. */
export function useClaim(log: string, index: number): UseQueryResult<Answered> {
  const client = useClient(log);
  return useQuery({
    queryKey: ["claim", log, index],
    queryFn: ({ signal }) => orMalformed(client.claim(index, { signal })),
    // An entry never changes; how far it got does.
    staleTime: 30_000,
  });
}

export interface CheckedProof {
  readonly report: ProofReport;
  /** Why this browser could not keep what it verified; it knows no more next time. */
  readonly notKept?: string;
}

/**
 * The proof of an entry, checked in this page; again when the answer changes, or what is trusted (`["proof", log]`). What was
 * verified is remembered.
 *
 * @param answered by `useClaim`; nothing is checked until it is there
 */
export function useProof(
  log: string,
  index: number,
  answered: Answered | undefined,
  answeredMs: number,
): UseQueryResult<CheckedProof> {
  const client = useClient(log);
  return useQuery({
    queryKey: ["proof", log, index, answeredMs],
    queryFn: ({ signal }) => check(client, log, index, answered!, signal),
    enabled: answered !== undefined,
    staleTime: Infinity,
  });
}

async function check(
  client: SteleClient,
  log: string,
  index: number,
  answered: Answered,
  signal: AbortSignal,
): Promise<CheckedProof> {
  const store = new TrustStore(localStorage);
  const trust = readTrust(store, log);
  if (isUnreadable(answered)) {
    return { report: unreadableAnswer(answered, isUnreadable(trust) ? {} : trust) };
  }
  const [keys, policy] = await Promise.all([
    orMalformed(client.keys({ signal })),
    orMalformed(client.policy({ signal })),
  ]);
  const ask = (from: number, to: number) => orMalformed(client.consistencyProof(from, to, { signal }));
  const report = await runCheck({ index, claim: answered, trust, keys, policy }, ask, signal);
  if (report.verdict === "failed" || isUnreadable(trust)) return { report };
  try {
    store.remember(log, trust, report.vkeys, new TextDecoder().decode(answered.note), Date.now());
  } catch (error) {
    // The storage is full, or this browser has none.
    return { report, notKept: error instanceof Error ? error.message : String(error) };
  }
  return { report };
}

function readTrust(store: TrustStore, log: string): LogTrust | Unreadable {
  try {
    return store.read(log);
  } catch (error) {
    if (error instanceof MalformedError) return unreadable(error);
    throw error;
  }
}

/** An answer that is none is something to be shown; that a token is wanted, or that there is no such entry, is not. */
async function orMalformed<T>(answer: Promise<T>): Promise<T | Unreadable> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MalformedError && !isRefusal(error)) return unreadable(error);
    throw error;
  }
}

function unreadable({ code, message }: MalformedError): Unreadable {
  return { code, unreadable: message };
}

function isRefusal(error: MalformedError): boolean {
  return error instanceof RefusedError && [401, 403, 404].includes(error.status ?? 0);
}
