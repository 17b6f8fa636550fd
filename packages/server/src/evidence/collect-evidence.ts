import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  decodeUtf8,
  MalformedError,
  UnavailableError,
  type Evidence,
  type EvidenceEntry,
} from "@stele/proof";
import { formatQuery, type Query } from "@stele/query";
import type { AuditLog, SignedTreeHead } from "../log/audit-log.ts";
import { statedPolicy } from "../publish/stated-policy.ts";

export interface EvidenceRequest {
  readonly query: Query;
  /** As it was asked. */
  readonly queryText: string;
  /** Who exports: the name of a token. */
  readonly by: string | undefined;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Only the first so many; all unless told. */
  readonly limit?: number;
}

/** What one bundle may take of a node. */
export interface EvidenceLimits {
  readonly entriesMax: number;
  /** Of the entries' texts, in characters. */
  readonly lengthMax: number;
  /** For finding the entries. */
  readonly searchTimeMsMax: number;
  /** How long the index may take to reach the head. */
  readonly indexWaitMsMax: number;
  /** How long the witnesses may take to cosign what was found. */
  readonly witnessWaitMsMax: number;
}

export interface EvidenceFile {
  readonly bytes: Uint8Array;
  readonly treeSize: number;
  readonly entries: number;
}

const PAGE_ENTRIES = 1_000;
const WITNESS_POLL_MS = 100;

/**
 * Makes the file of a bundle: the entries of the log that match, and what proves them. Verified before it is returned.
 *
 * @param signal ends the search when nobody waits for the file any more
 * @throws MalformedError `evidence_too_large`; UnavailableError `index_behind`, `search_timeout`; what a search throws
 */
export async function collectEvidence(
  log: AuditLog,
  request: EvidenceRequest,
  limits: EvidenceLimits,
  signal: AbortSignal,
): Promise<EvidenceFile> {
  const head = log.head();
  await log.search.waitFor(head.treeSize, limits.indexWaitMsMax);
  const { entries, allMatches } = await findEntries(log, head.treeSize, request, limits, signal);
  const indexes = entries.map(({ leafIndex }) => leafIndex);
  const { treeSize, note } = await checkpointOver(log, indexes.at(-1) ?? 0, head, limits, signal);
  const parts: Omit<Evidence, "provable"> = {
    checkpoint: decodeUtf8(note),
    policy: statedPolicy(log),
    succession: log.keys().statements.map(decodeUtf8),
    declared: {
      by: request.by,
      at: new Date(request.nowMs).toISOString(),
      query: request.queryText,
      normalQuery: formatQuery(request.query),
      searchedSize: Math.min(treeSize, head.treeSize),
      allMatches,
    },
    proof: indexes.length === 0 ? [] : await log.proveBatchInclusion(indexes, treeSize),
    entries,
  };
  return { bytes: await finish(parts, signal), treeSize, entries: entries.length };
}

/**
 * A checkpoint that covers the entry, cosigned if it can be: the one that the quorum cosigned, for which it waits a little, else the
 * head, which no witness has seen.
 */
async function checkpointOver(
  log: AuditLog,
  leafIndex: number,
  head: SignedTreeHead,
  { witnessWaitMsMax }: EvidenceLimits,
  signal: AbortSignal,
): Promise<SignedTreeHead> {
  const deadline = performance.now() + witnessWaitMsMax;
  for (;;) {
    const { witnessedSize } = log.status();
    if (witnessedSize === undefined) return head;
    if (witnessedSize > leafIndex) return log.published();
    if (performance.now() > deadline) return head;
    await setTimeout(WITNESS_POLL_MS, undefined, { signal });
  }
}

async function findEntries(
  log: AuditLog,
  treeSize: number,
  { query, limit = Infinity }: EvidenceRequest,
  { entriesMax, lengthMax, searchTimeMsMax }: EvidenceLimits,
  signal: AbortSignal,
): Promise<{ entries: EvidenceEntry[]; allMatches: boolean }> {
  const entries: EvidenceEntry[] = [];
  const deadline = performance.now() + searchTimeMsMax;
  let length = 0;
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new UnavailableError("search_timeout", "Finding the entries took too long: narrow the query");
    }
    // One more than wanted, to know whether there is more.
    const room = Math.min(PAGE_ENTRIES, limit - entries.length + 1);
    const page = await log.search.search(query, {
      order: "oldest",
      limit: room,
      ...(cursor !== undefined && { cursor }),
    });
    for (const { index, entry } of page.items) {
      if (index >= treeSize) return { entries, allMatches: true };
      if (entries.length === limit) return { entries, allMatches: false };
      length += entry.length;
      entries.push({ leafIndex: index, entry });
      if (entries.length > entriesMax || length > lengthMax) throw tooLarge(entriesMax, lengthMax);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { entries, allMatches: true };
}

/** Formats, verifies and compresses in a thread of its own. */
async function finish(parts: Omit<Evidence, "provable">, signal: AbortSignal): Promise<Uint8Array> {
  const worker = new Worker(new URL("evidence-worker.ts", import.meta.url), { workerData: parts });
  try {
    const [file] = (await once(worker, "message", { signal })) as [Uint8Array];
    return file;
  } finally {
    await worker.terminate();
  }
}

function tooLarge(entriesMax: number, lengthMax: number): MalformedError {
  return new MalformedError(
    "evidence_too_large",
    `More than ${entriesMax} entries, or ${lengthMax} characters of them, match. Narrow the query, for instance by time, and export in parts`,
  );
}
