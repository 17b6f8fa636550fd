import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Database } from "../../packages/server/src/search/database.ts";
import { ID_FILTER_KEY, SEGMENT_METADATA_KEY } from "../../packages/server/src/search/segment.ts";
import { createLogIdentity } from "../../packages/server/src/log/log-key.ts";
import { tamperSegment } from "../../packages/server/src/verify/testing/tamper-segment.ts";
import { fill, withEntries, type CommitLines, type LogFiles, type Scene } from "./scene.ts";

export interface StoredAttack {
  readonly name: string;
  /**
   * What tells: the stored bytes alone (`bytes`), or only what the verifier has seen before (`memory`), because the intruder has
   * the log's key, or took away all that contradicts.
   */
  readonly tells: "bytes" | "memory";
  /** What the verification must end with. */
  readonly code: string;
  /** What the verifier in a node calls it, if it does not call it the same: it goes on behind the first difference. */
  readonly foundAs?: string;
  /** Needs the node to be stopped meanwhile. */
  readonly isOffline?: boolean;
  /** What its message must name: the place. */
  readonly names: RegExp;
  readonly mount: (log: LogFiles, scene: Scene) => Promise<void>;
}

const EVERYTHING = ["journal", "segments", "checkpoint"];

export const STORED_ATTACKS: readonly StoredAttack[] = [
  {
    name: "flip a bit of an entry in the journal",
    tells: "bytes",
    code: "root_mismatch",
    names: /journal\/0{12}1020\.ndjson.*entries 1100 to 1119/,
    mount: async (log) => await log.flip(await journal(log), (bytes) => bytes.indexOf('"e-1105"') + 3),
  },
  {
    name: "flip a bit of the root in a commit's checkpoint",
    tells: "bytes",
    code: "checkpoint_not_authentic",
    foundAs: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) =>
      await log.flip(await journal(log), (bytes) => bytes.indexOf('{"checkpoint":"') + 60),
  },
  {
    name: "flip a bit of the signature in a commit's checkpoint",
    tells: "bytes",
    code: "checkpoint_not_authentic",
    foundAs: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) => await log.flip(await journal(log), (bytes) => bytes.lastIndexOf('\\n"}') - 8),
  },
  {
    name: "flip a bit of the checkpoint beside the journal",
    tells: "bytes",
    code: "checkpoint_not_authentic",
    names: /checkpoint/,
    mount: async (log) => await log.flip(log.path("checkpoint"), (bytes) => bytes.length - 10),
  },
  {
    name: "flip a bit of an entry in a segment",
    tells: "bytes",
    code: "segment_mismatch",
    names: /segments\/0{16}-0{13}512\.parquet/,
    mount: async (log) => await rewriteSegment(log, 0, ({ rows }) => rows.replace("entry", ENTRY_FLIPPED)),
  },
  {
    name: "flip a bit of the hashes that a segment carries",
    tells: "bytes",
    code: "segment_mismatch",
    names: /segments\/0{16}-0{13}512\.parquet/,
    mount: async (log) => {
      const [path] = await log.files("segments");
      await log.flip(path!, (bytes) => bytes.indexOf('"subtree_hashes":"') + 25);
    },
  },
  {
    name: "delete an entry of the journal",
    tells: "bytes",
    code: "commit_inconsistent",
    foundAs: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) => await editCommit(log, ([, ...entries]) => entries),
  },
  {
    name: "insert an entry into the journal",
    tells: "bytes",
    code: "commit_inconsistent",
    foundAs: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) =>
      await editCommit(log, ([first, ...entries]) => [first!, first!.replace("e-1100", "e-new"), ...entries]),
  },
  {
    name: "swap two entries of the journal",
    tells: "bytes",
    code: "root_mismatch",
    names: /entries 1100 to 1119/,
    mount: async (log) =>
      await editCommit(log, ([first, second, ...entries]) => [second!, first!, ...entries]),
  },
  {
    name: "duplicate an entry of the journal in place of another",
    tells: "bytes",
    code: "root_mismatch",
    names: /entries 1100 to 1119/,
    mount: async (log) => await editCommit(log, ([first, , ...entries]) => [first!, first!, ...entries]),
  },
  {
    name: "swap two commits of the journal",
    tells: "bytes",
    code: "journal_gap",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) =>
      await log.editCommits(([first, second, third, ...others]) => [first!, third!, second!, ...others]),
  },
  {
    name: "delete a commit in the middle of the journal",
    tells: "bytes",
    code: "journal_gap",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) => await log.editCommits(([first, , ...others]) => [first!, ...others]),
  },
  {
    name: "delete an entry of a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /segments\/0{16}-0{13}512\.parquet/,
    mount: async (log) => await rewriteSegment(log, 0, ({ rows }) => `${rows} WHERE seq <> 100`),
  },
  {
    name: "insert an entry into a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /segments\/0{16}-0{13}512\.parquet/,
    mount: async (log) =>
      await rewriteSegment(log, 0, ({ rows }) => `${rows} UNION ALL (${rows} WHERE seq = 7) ORDER BY seq`),
  },
  {
    name: "swap two entries of a segment",
    tells: "bytes",
    code: "segment_mismatch",
    names: /entries \[0, 256\)/,
    mount: async (log) =>
      await rewriteSegment(log, 0, ({ columns, from }) => {
        const swapped = `CASE seq WHEN 100 THEN 101 WHEN 101 THEN 100 ELSE seq END`;
        return `SELECT * FROM (SELECT ${swapped} AS seq, ${columns} FROM ${from}) ORDER BY seq`;
      }),
  },
  {
    name: "duplicate an entry of a segment in place of another",
    tells: "bytes",
    code: "segment_mismatch",
    names: /entries \[256, 512\)/,
    mount: async (log) =>
      await rewriteSegment(log, 0, ({ columns, from }) => {
        const others = `SELECT seq, ${columns} FROM ${from} WHERE seq <> 300`;
        return `SELECT * FROM (${others} UNION ALL SELECT 300, ${columns} FROM ${from} WHERE seq = 299) ORDER BY seq`;
      }),
  },
  {
    name: "cut off the end of the journal, behind the checkpoint's back",
    tells: "bytes",
    code: "entries_missing",
    names: /1300 entries, but only 1280/,
    mount: async (log) => await log.editCommits((commits) => commits.slice(0, -1)),
  },
  {
    name: "cut the journal off inside of a commit",
    tells: "bytes",
    code: "entries_missing",
    names: /1300 entries, but only 1280/,
    mount: async (log) => {
      const path = await journal(log);
      await truncate(path, (await readFile(path)).length - 300);
    },
  },
  {
    name: "cut off the end, and take the checkpoint away as well",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 1280/,
    mount: async (log) => {
      await log.editCommits((commits) => commits.slice(0, -1));
      await rm(log.path("checkpoint"));
    },
  },
  {
    name: "cut off the end, and continue with other events",
    tells: "memory",
    code: "root_mismatch",
    isOffline: true,
    names: /1300 entries/,
    mount: async (log) => {
      await log.editCommits((commits) => commits.slice(0, -2));
      await rm(log.path("checkpoint"));
      await fill(log.dataDir, 1_260, 1_400, (index) => ({ action: "x.y", actor: { id: `new-${index}` } }));
    },
  },
  {
    name: "delete the first segment",
    tells: "bytes",
    code: "segment_missing",
    names: /go up to entry 0, but 0{13}512/,
    mount: async (log) => await rm((await log.files("segments"))[0]!),
  },
  {
    name: "delete the last segment",
    tells: "bytes",
    code: "entries_missing",
    foundAs: "journal_gap",
    names: /segments end at 512 and the journal starts at 1020/,
    mount: async (log) => await rm((await log.files("segments"))[1]!),
  },
  {
    name: "delete two segments, one beside the other",
    tells: "bytes",
    code: "entries_missing",
    foundAs: "journal_gap",
    names: /segments end at 0 and the journal starts at 1020/,
    mount: async (log) => {
      for (const path of await log.files("segments")) await rm(path);
    },
  },
  {
    name: "append data to a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /segments\/0{13}512-0{12}1024\.parquet/,
    mount: async (log) => {
      const [, path] = await log.files("segments");
      await log.edit(path!, (bytes) => Buffer.concat([bytes, Buffer.from("appended")]));
    },
  },
  {
    name: "append data to the journal",
    tells: "bytes",
    code: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) =>
      await log.edit(await journal(log), (bytes) => Buffer.concat([bytes, Buffer.from('{"action":"x"}\n')])),
  },
  {
    name: "replace a segment by one that the real program built of other entries",
    tells: "bytes",
    code: "root_mismatch",
    names: /the first \d+ entries hash to/,
    mount: async (log, { rewritten }) => {
      const [path] = await log.files("segments");
      const [other] = await rewritten.files("segments");
      await rm(path!);
      await cp(other!, path!);
    },
  },
  {
    name: "rewrite the history, and sign it with the real key",
    tells: "memory",
    code: "root_mismatch",
    names: /1300 entries/,
    mount: async (log, { rewritten }) => await replaceLog(log, rewritten, EVERYTHING),
  },
  {
    name: "roll the whole log back to yesterday's copy",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 1100/,
    mount: async (log, { yesterday }) => await replaceLog(log, yesterday, EVERYTHING),
  },
  {
    name: "an empty log where a full one was",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 0/,
    mount: async (log) => await replaceLog(log, undefined, EVERYTHING),
  },
  {
    name: "a log of the same name, signed with another key",
    tells: "memory",
    code: "key_changed",
    foundAs: "checkpoint_not_authentic",
    isOffline: true,
    names: /key/,
    mount: async (log) => {
      const { origin } = JSON.parse(await readFile(log.path("log.json"), "utf8")) as { origin: string };
      await replaceLog(log, undefined, EVERYTHING);
      await createLogIdentity(log.log, origin, "2026-01-01T00:00:00.000Z");
      await fill(log.dataDir, 0, 1_300);
    },
  },
  {
    name: "checkpoints without a signature",
    tells: "bytes",
    code: "checkpoint_not_authentic",
    foundAs: "journal_corrupt",
    names: /journal\/0{12}1020\.ndjson/,
    mount: async (log) =>
      await log.editCommits((commits) =>
        commits.map((commit) => ({
          ...commit,
          checkpoint: commit.checkpoint.replace(/\\n— .*$/, '\\n"}'),
        })),
      ),
  },
  {
    name: "the log of another origin in this one's place",
    tells: "bytes",
    code: "commit_inconsistent",
    foundAs: "journal_corrupt",
    names: /1020\.ndjson, byte 0: the commit is of the log/,
    mount: async (log) =>
      await log.edit(await journal(log), (bytes) =>
        bytes.toString().replaceAll("tamper.example", "tamper.examplf"),
      ),
  },
  {
    name: "a segment that says that it is of another log",
    tells: "bytes",
    code: "segment_corrupt",
    names: /it says that it is of somewhere\.else/,
    mount: async (log) => {
      const [path] = await log.files("segments");
      await tamperSegment(path!, "", (text) =>
        text.replace('"origin":"tamper.example', '"origin":"somewhere.else'),
      );
    },
  },
  {
    name: "hide an event from searches by a column that disagrees with its entry",
    tells: "bytes",
    code: "segment_columns_differ",
    names: /the column actor_id is not what its entries say, first at entry 100/,
    mount: async (log) => {
      const [path] = await log.files("segments");
      await tamperSegment(path!, "CASE WHEN seq = 100 THEN 'nobody' ELSE actor_id END AS actor_id");
    },
  },
  {
    name: "hide a segment from searches by statistics that leave out an action",
    tells: "bytes",
    code: "segment_columns_differ",
    names: /the column action .*statistics lack "document.read"/,
    mount: async (log) => {
      const [path] = await log.files("segments");
      await tamperSegment(path!, "", (text) => text.replace('"action":["document.read"]', '"action":[]'));
    },
  },
];

async function journal(log: LogFiles): Promise<string> {
  return (await log.files("journal"))[0]!;
}

/** Changes the entries of the commit that begins with entry 1,100. */
async function editCommit(
  log: LogFiles,
  change: (entries: readonly string[]) => readonly string[],
): Promise<void> {
  const edit = (commit: CommitLines): CommitLines =>
    commit.start === 1_100 ? withEntries(commit, change(commit.entries)) : commit;
  await log.editCommits((commits) => commits.map(edit));
}

async function replaceLog(log: LogFiles, by: LogFiles | undefined, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rm(log.path(name), { recursive: true, force: true });
    if (by) await cp(by.path(name), log.path(name), { recursive: true });
  }
}

const ENTRY_FLIPPED = `CASE seq WHEN 100 THEN replace(entry, 'e-100', 'e-101') ELSE entry END AS entry`;

interface SegmentRows {
  /** The file, for `FROM`. */
  readonly from: string;
  /** All columns but `seq`. */
  readonly columns: string;
  /** All rows as they are. */
  readonly rows: string;
}

/** Writes a segment anew with the rows that a query gives, all metadata kept: as who knows Parquet would. */
export async function rewriteSegment(
  log: LogFiles,
  n: number,
  query: (rows: SegmentRows) => string,
): Promise<void> {
  const path = (await log.files("segments"))[n]!;
  const written = log.path("segments", "written");
  const database = await Database.open({
    directories: [log.log],
    tempDirectory: join(log.dataDir, "cache", "tamper"),
  });
  try {
    const from = `read_parquet('${path}')`;
    const names = await database.query(`DESCRIBE SELECT * EXCLUDE (seq) FROM ${from}`);
    const columns = names.map(([name]) => String(name)).join(", ");
    const metadata = await database.query(
      `SELECT decode(key), hex(value) FROM parquet_kv_metadata('${path}') WHERE decode(key) IN ('${SEGMENT_METADATA_KEY}', '${ID_FILTER_KEY}')`,
    );
    const kept = metadata.map(
      ([key, hex]) => `'${String(key)}': '${String(hex).replaceAll(/../g, String.raw`\x$&`)}'::BLOB`,
    );
    await database.query(
      `COPY (${query({ from, columns, rows: `SELECT seq, ${columns} FROM ${from}` })}) TO '${written}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, KV_METADATA {${kept.join(", ")}})`,
    );
  } finally {
    await database.close();
  }
  await rm(path);
  await writeFile(path, await readFile(written));
  await rm(written);
}
