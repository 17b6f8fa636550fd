import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredLog } from "../../packages/server/src/log/stored-log.ts";
import { SteleNode } from "../../packages/server/src/node.ts";

export const SEGMENT_ENTRIES = 512;
export const ENTRIES = 1_300;
const COMMIT_ENTRIES = 20;
/** Where the journal begins: at the commit that holds the first entry that is not sealed. */
const JOURNAL_START = 1_020;
const START_MS = Date.UTC(2026, 0, 5, 12);

/** The event that becomes entry `index`. */
type MakeEvent = (index: number) => Readonly<Record<string, unknown>>;

const honestEvent: MakeEvent = (index) => ({
  id: `e-${index}`,
  action: "document.read",
  actor: { id: `u-${index % 7}` },
  source: { id: `s-${index % 3}`, seq: Math.floor(index / 3) },
});

/** What an intruder would rather have had in the log. */
export const ALTERED_INDEX = 100;
export const alteredEvent: MakeEvent = (index) => ({
  ...honestEvent(index),
  ...(index === ALTERED_INDEX && { actor: { id: "somebody-else" } }),
});

/** Lets a real node take events `[from, to)` into the log in `dataDir`, and stops it. */
export async function fill(
  dataDir: string,
  from: number,
  to: number,
  event = honestEvent,
  startMs = START_MS,
): Promise<void> {
  let at = from;
  const node = await SteleNode.open({
    dataDir,
    segmentEntries: SEGMENT_ENTRIES,
    // Its events are old, but there are to be two segments only.
    sealAfterMs: 100 * 365 * 86_400_000,
    originPrefix: "tamper.example",
    now: () => startMs + at * 1_000,
  });
  try {
    const main = node.log("main")!;
    for (; at < to; at += COMMIT_ENTRIES) {
      const indexes = Array.from({ length: Math.min(COMMIT_ENTRIES, to - at) }, (_, i) => at + i);
      const lines = indexes.map((index) => `${JSON.stringify(event(index))}\n`).join("");
      await main.append(new Uint8Array(Buffer.from(lines)), { type: "ndjson", encoding: "identity" });
    }
    while (main.head().treeSize - main.status().sealedSize >= SEGMENT_ENTRIES) await sleep(10);
  } finally {
    await node.close();
  }
}

/** The log in a data directory, to be tampered with. */
export class LogFiles {
  readonly dataDir: string;
  readonly log: string;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
    this.log = join(dataDir, "logs", "main");
  }

  path(...names: string[]): string {
    return join(this.log, ...names);
  }

  /** Files of `journal` or `segments`, in order. */
  async files(folder: string): Promise<string[]> {
    return (await readdir(this.path(folder))).toSorted().map((name) => this.path(folder, name));
  }

  async vkey(): Promise<string> {
    const { vkey } = JSON.parse(await readFile(this.path("log.json"), "utf8")) as { vkey: string };
    return vkey;
  }

  /** Rewrites a file, whatever its mode. */
  async edit(path: string, change: (bytes: Buffer) => Uint8Array | string): Promise<void> {
    const changed = change(await readFile(path));
    await rm(path);
    await writeFile(path, changed);
  }

  /** Flips the lowest bit of the byte that `find` names. */
  async flip(path: string, find: (bytes: Buffer) => number): Promise<void> {
    await this.edit(path, (bytes) => {
      bytes[find(bytes)]! ^= 1;
      return bytes;
    });
  }

  /** Changes commits as an intruder would who knows the format: each with its entry lines, frame lines kept in order. */
  async editCommits(change: (commits: CommitLines[]) => readonly CommitLines[]): Promise<void> {
    const [path] = await this.files("journal");
    await this.edit(path!, (bytes) => formatCommits(change(parseCommits(bytes.toString()))));
  }

  /** Begins the journal where its first commit begins. */
  async renameJournal(start: number): Promise<void> {
    const [path] = await this.files("journal");
    await rename(path!, join(dirname(path!), `${String(start).padStart(16, "0")}.ndjson`));
  }
}

/** One commit of a journal. */
export interface CommitLines {
  readonly start: number;
  readonly frame: string;
  readonly entries: readonly string[];
  readonly checkpoint: string;
}

function parseCommits(text: string): CommitLines[] {
  const commits: CommitLines[] = [];
  let frame = "";
  let entries: string[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith('{"commit":')) frame = line;
    else if (line.startsWith('{"checkpoint":')) {
      const { start } = (JSON.parse(frame) as { commit: { start: number } }).commit;
      commits.push({ start, frame, entries, checkpoint: line });
      entries = [];
    } else entries.push(line);
  }
  return commits;
}

function formatCommits(commits: readonly CommitLines[]): string {
  return commits
    .flatMap(({ frame, entries, checkpoint }) => [frame, ...entries, checkpoint])
    .map((line) => `${line}\n`)
    .join("");
}

/** The commit with other entries, its frame made to fit them. */
export function withEntries(commit: CommitLines, entries: readonly string[]): CommitLines {
  const { commit: frame } = JSON.parse(commit.frame) as { commit: Record<string, unknown> };
  const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 1, 0);
  return {
    ...commit,
    frame: JSON.stringify({ commit: { ...frame, count: entries.length, bytes } }),
    entries,
  };
}

/** Takes commits out of the journal that are sealed, as a node does in time. */
async function beginJournal(files: LogFiles): Promise<void> {
  await files.editCommits((commits) => commits.filter(({ start }) => start >= JOURNAL_START));
  await files.renameJournal(JOURNAL_START);
}

async function changeKeys(files: LogFiles, change: (log: StoredLog) => Promise<unknown>): Promise<void> {
  const node = await SteleNode.open({ dataDir: files.dataDir });
  try {
    await change(node.log("main")!);
  } finally {
    await node.close();
  }
}

/** An honest log, and what attacks are made from. Made once, copied for each. */
export class Scene {
  readonly root: string;
  /** {@link ENTRIES} entries in two segments and a journal. */
  readonly honest: LogFiles;
  /** The same log when it had 1,100 entries. */
  readonly yesterday: LogFiles;
  /** Another history, made by the real program with the real key: entry {@link ALTERED_INDEX} differs. */
  readonly rewritten: LogFiles;

  private constructor(root: string) {
    this.root = root;
    const files = (name: string): LogFiles => new LogFiles(join(root, name));
    this.honest = files("honest");
    this.yesterday = files("yesterday");
    this.rewritten = files("rewritten");
  }

  /** The honest log again, with another key from `rotatedAt` on, and the first one retired at `retiredAt`. */
  static async makeRotated(rotatedAt: number, retiredAt: number): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), "stele-tamper-")));
    const { honest } = scene;
    await fill(honest.dataDir, 0, rotatedAt);
    const first = await honest.vkey();
    await changeKeys(honest, async (log) => await log.rotateKey(first));
    await fill(honest.dataDir, rotatedAt, retiredAt);
    await changeKeys(honest, async (log) => await log.retireKey(first));
    await fill(honest.dataDir, retiredAt, ENTRIES);
    await beginJournal(honest);
    return scene;
  }

  static async make(): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), "stele-tamper-")));
    const { honest, yesterday, rewritten } = scene;
    await fill(honest.dataDir, 0, 1_100);
    await cp(honest.dataDir, yesterday.dataDir, { recursive: true });
    await fill(honest.dataDir, 1_100, ENTRIES);
    await mkdir(rewritten.log, { recursive: true });
    for (const name of ["log.json", "key.pem"]) await cp(honest.path(name), rewritten.path(name));
    await fill(rewritten.dataDir, 0, ENTRIES, alteredEvent);
    for (const files of [honest, yesterday, rewritten]) await beginJournal(files);
    return scene;
  }

  /** A copy of the honest log, for one attack. */
  async copy(): Promise<LogFiles> {
    const dataDir = await mkdtemp(join(this.root, "copy-"));
    await cp(this.honest.dataDir, dataDir, { recursive: true });
    return new LogFiles(dataDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
