import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootOfLeaves } from "@stele/proof";
import { nativeHasher } from "../../log/native-hasher.ts";
import { formatCommit } from "../../store/commit.ts";
import type { JournalFile } from "../../store/journal.ts";
import { Database } from "../database.ts";
import { LocalSegmentFiles } from "../segment-files.ts";
import type { SealJob } from "../segment-builder.ts";

export const ORIGIN = "test.example/log";
export const CHECKPOINT = "test.example/log\n(not looked at)\n";
export const START_MS = Date.UTC(2026, 0, 1);

/** A valid entry (docs/spec/entry.md) that is a function of its index, varied enough to search in. */
export function entryText(index: number, changes: Readonly<Record<string, unknown>> = {}): string {
  const at = new Date(START_MS + index * 1000 + ((index * 7919) % 5000)).toISOString();
  return JSON.stringify({
    v: 1,
    id: `id-${String(index).padStart(8, "0")}`,
    occurred_at: at,
    received_at: new Date(START_MS + index * 1000 + 6000).toISOString(),
    action: ["document.read", "document.updated", "user.signed_in"][index % 3],
    actor: {
      type: index % 10 === 0 ? "service" : "user",
      id: `actor-${index % 17}`,
      ID: "free",
      name: 'Zoë "Z" 林',
    },
    ...(index % 4 > 0 && {
      targets: Array.from({ length: index % 4 }, (_, i) => ({
        type: "document",
        id: `doc-${(index + i) % 23}`,
      })),
    }),
    ...(index % 5 > 0 && { context: { ip: `10.0.${index % 3}.${index % 29}`, user_agent: "a\tb\\c" } }),
    outcome: index % 7 === 0 ? "failure" : "success",
    ...(index % 2 === 0 && { tenant: `tenant-${index % 6}` }),
    ...(index % 3 === 0 && { source: { id: "source-1", seq: index } }),
    metadata: { n: index, text: `needle${index % 101} 😀`, nested: { v: 1, id: `id-${index + 1}` } },
    ...changes,
  });
}

export function entryTexts(start: number, end: number): string[] {
  return Array.from({ length: end - start }, (_, i) => entryText(start + i));
}

export function linesOf(entries: readonly string[]): Uint8Array {
  return Buffer.from(entries.map((entry) => `${entry}\n`).join(""));
}

/** Commits of `commitEntries` each. */
export function journalBytes(start: number, entries: readonly string[], commitEntries: number): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < entries.length; at += commitEntries) {
    const slice = entries.slice(at, at + commitEntries);
    pieces.push(
      ...formatCommit({
        id: (start + at).toString(16).padStart(32, "0"),
        origin: ORIGIN,
        start: start + at,
        count: slice.length,
        lines: [linesOf(slice)],
        checkpoint: CHECKPOINT,
      }),
    );
  }
  return Buffer.concat(pieces);
}

export function subtreeHashes(entries: readonly string[]): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < entries.length; at += 256) {
    const leaves = entries.slice(at, at + 256).map((entry) => nativeHasher.leaf(Buffer.from(entry)));
    hashes.push(rootOfLeaves(leaves, nativeHasher));
  }
  return Buffer.concat(hashes);
}

/** A directory with journal files and segments, and a DuckDB on it; gone at `[Symbol.asyncDispose]`. */
export class TestLog {
  readonly directory: string;
  readonly database: Database;
  readonly segments: string;
  readonly files: LocalSegmentFiles;

  private constructor(directory: string, database: Database) {
    this.directory = directory;
    this.database = database;
    this.segments = join(directory, "segments");
    this.files = new LocalSegmentFiles(this.segments);
  }

  static async create(memoryLimitMb = 200): Promise<TestLog> {
    const directory = await mkdtemp(join(tmpdir(), "stele-search-"));
    const database = await Database.open({
      lockPath: join(directory, "lock"),
      directories: [directory],
      tempDirectory: join(directory, "cache"),
      memoryLimitMb,
    });
    await mkdir(join(directory, "segments"));
    return new TestLog(directory, database);
  }

  async writeJournal(start: number, entries: readonly string[], commitEntries = 100): Promise<JournalFile> {
    const path = join(this.directory, `${String(start).padStart(16, "0")}.ndjson`);
    await writeFile(path, journalBytes(start, entries, commitEntries));
    return { path, start };
  }

  job(start: number, entries: readonly string[], journalFiles: readonly JournalFile[]): SealJob {
    return {
      directory: this.segments,
      tempDirectory: join(this.directory, "sealing"),
      origin: ORIGIN,
      start,
      end: start + entries.length,
      journalFiles,
      subtreeHashes: subtreeHashes(entries),
      checkpoint: CHECKPOINT,
    };
  }

  /** Overwrites a tenth of a file, in its middle. */
  async damage(path: string): Promise<void> {
    const bytes = await readFile(path);
    bytes.fill(0, Math.floor(bytes.length * 0.45), Math.floor(bytes.length * 0.55));
    await writeFile(path, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
