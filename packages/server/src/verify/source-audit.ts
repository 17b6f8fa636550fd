import { isDeepStrictEqual } from "node:util";
import { MalformedError, VerificationError } from "@stele/proof";
import { LocalSegmentFiles } from "../search/segment-files.ts";
import { streamEntryBlocks } from "../search/segment-reader.ts";
import type { Segment } from "../search/segment.ts";
import { sourceOfEntry, sourcesOfLines } from "../sources/entry-source.ts";
import { sourceJson, sourcesJson, type SourceJson } from "../sources/source-json.ts";
import { SourceTable } from "../sources/source-table.ts";
import { readJournalFile } from "../store/file-journal.ts";

/** What verified entries show of the sources of a log, recomputed. */
export interface SourceFindings {
  readonly count: number;
  readonly withGaps: number;
  /** Seqs that are missing, of all sources. */
  readonly missing: number;
  readonly duplicates: number;
  readonly isTruncated: boolean;
  /** Sources of which a node's answer was compared with this; undefined if there was no answer to compare. */
  readonly compared?: number;
  /** Those with gaps or duplicates, the first 1,000. */
  readonly incomplete: readonly SourceJson[];
}

/** Reads a page of `GET /v1/logs/:log/sources`, untrusted; undefined if there is no such call, or not yet. */
export type FetchSources = (after: string | undefined, limit: number) => Promise<unknown>;

const PAGE_SOURCES = 1_000;
const PAGES_MAX = 101;
const INCOMPLETE_MAX = 1_000;

interface ClaimedPage {
  readonly after: string | undefined;
  readonly treeSize: number;
  readonly page: object;
}

/** Compares what a node says of its sources with what its entries say, at the tree sizes that the node names. */
export class SourceAudit {
  readonly #table = new SourceTable();
  readonly #place: string;
  #claims: ClaimedPage[] = [];
  #compared: number | undefined;

  constructor(place: string) {
    this.#place = place;
  }

  /** Asks for all pages: to be called before the entries are read, since the node's tree grows. */
  async ask(fetchSources: FetchSources): Promise<void> {
    let after: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const page = await fetchSources(after, PAGE_SOURCES);
      if (page === undefined) break;
      const { treeSize, nextAfter } = parsePage(page, this.#place);
      this.#claims.push({ after, treeSize, page: page as object });
      if (nextAfter === undefined) break;
      after = nextAfter;
    }
    this.#claims = this.#claims.toSorted((a, b) => a.treeSize - b.treeSize);
  }

  /** The next entry, verified by the caller. @throws VerificationError `sources_wrong` */
  add(entry: Uint8Array, index: number): void {
    this.#compare();
    const source = sourceOfEntry(entry, index);
    if (source) this.#table.add(source);
    this.#table.size = index + 1;
  }

  /** @throws VerificationError `sources_wrong` */
  finish(): SourceFindings {
    this.#compare();
    return {
      ...sourceFindings(this.#table),
      ...(this.#compared !== undefined && { compared: this.#compared }),
    };
  }

  #compare(): void {
    for (let claim = this.#claims[0]; claim?.treeSize === this.#table.size; claim = this.#claims[0]) {
      this.#claims.shift();
      const computed = sourcesJson(this.#table, claim.after, PAGE_SOURCES);
      if (!isDeepStrictEqual(claim.page, { ...computed })) {
        const difference = firstDifference(claim.page, computed);
        throw new VerificationError(
          "sources_wrong",
          `${this.#place} says of its sources, of the tree of ${claim.treeSize} entries, what the entries do not: ${difference.name}`,
          { place: this.#place, tree_size: claim.treeSize, ...difference },
        );
      }
      this.#compared = (this.#compared ?? 0) + computed.sources.length;
    }
  }
}

/** The sources of a log in a directory whose bytes were verified. Segments without any are not read. */
export async function sourcesOfDirectory(
  segmentDirectory: string,
  segments: readonly Segment[],
  journal: readonly { readonly path: string; readonly start: number }[],
): Promise<SourceFindings> {
  const files = new LocalSegmentFiles(segmentDirectory);
  const table = new SourceTable();
  for (const segment of segments) {
    if (segment.statistics.values.source?.length !== 0) {
      for await (const { start, entries } of streamEntryBlocks(files, segment)) {
        for (const [i, entry] of entries.entries()) {
          const source = sourceOfEntry(entry, start + i);
          if (source) table.add(source);
        }
      }
    }
    table.size = segment.end;
  }
  for (const file of journal) {
    for await (const { start, count, entryLines } of readJournalFile(file, file === journal.at(-1))) {
      for (const source of sourcesOfLines(entryLines, start))
        if (source.index >= table.size) table.add(source);
      table.size = Math.max(table.size, start + count);
    }
  }
  return sourceFindings(table);
}

function sourceFindings(table: SourceTable): SourceFindings {
  let [withGaps, missing, duplicates] = [0, 0, 0];
  const ids: string[] = [];
  for (const source of table.all()) {
    if (source.gapCount > 0) withGaps++;
    missing += source.missing;
    duplicates += source.duplicates;
    if (source.gapCount > 0 || source.duplicates > 0) ids.push(source.id);
  }
  const incomplete = ids.slice(0, INCOMPLETE_MAX).flatMap((id) => {
    const source = table.get(id);
    return source ? [sourceJson(source)] : [];
  });
  return { count: table.count, withGaps, missing, duplicates, isTruncated: table.isTruncated, incomplete };
}

function parsePage(page: unknown, place: string): { treeSize: number; nextAfter: string | undefined } {
  const { tree_size: treeSize, next_after: nextAfter } = (page ?? {}) as Record<string, unknown>;
  const isPage = typeof treeSize === "number" && Number.isSafeInteger(treeSize) && treeSize >= 0;
  if (isPage && (nextAfter === undefined || typeof nextAfter === "string")) return { treeSize, nextAfter };
  throw new MalformedError("response_malformed", `${place} does not answer with sources`);
}

function firstDifference(claimed: object, computed: object) {
  const said = claimed as Readonly<Record<string, unknown>>;
  const is = computed as Readonly<Record<string, unknown>>;
  const key = Object.keys({ ...said, ...is }).find((name) => !isDeepStrictEqual(said[name], is[name]))!;
  const [saidList, isList] = [said[key], is[key]];
  if (key !== "sources" || !Array.isArray(saidList) || !Array.isArray(isList))
    return { name: key, claimed: saidList, computed: isList };
  const at = [...saidList, ...isList].findIndex((_, i) => !isDeepStrictEqual(saidList[i], isList[i]));
  const one: unknown = isList[at] ?? saidList[at];
  const id = typeof one === "object" && one !== null && "id" in one ? String(one.id) : "";
  return { name: `the source ${id}`, claimed: saidList[at] as unknown, computed: isList[at] as unknown };
}
