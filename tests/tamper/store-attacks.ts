import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { StoreFiles } from "./store-scene.ts";

export interface StoreAttack {
  readonly name: string;
  readonly tells: "bytes" | "memory";
  readonly code: string;
  readonly names: RegExp;
  readonly mount: (store: StoreFiles) => Promise<void>;
}

const commit = (start: number): string => `journal/${String(start).padStart(16, "0")}`;
const record = (start: number): string => `segments/${String(start).padStart(16, "0")}`;

async function flip(store: StoreFiles, path: string, find: (bytes: Buffer) => number): Promise<void> {
  await store.edit(path, (bytes) => {
    bytes[find(bytes)]! ^= 1;
    return bytes;
  });
}

/** The log has segments `[0, 512)` and `[512, 1024)`, and commits of 20 entries up to 1,300. */
export const STORE_ATTACKS: readonly StoreAttack[] = [
  {
    name: "flip a bit of an entry in a commit",
    tells: "bytes",
    code: "root_mismatch",
    names: /journal\/0{12}1100, entries 1100 to 1119/,
    mount: async (store) =>
      await flip(store, store.path(commit(1_100)), (bytes) => bytes.indexOf('"e-1105"') + 4),
  },
  {
    name: "flip a bit of a commit's signature",
    tells: "bytes",
    code: "journal_corrupt",
    names: /journal\/0{12}1100.*not one that the log signed/,
    mount: async (store) =>
      await flip(store, store.path(commit(1_100)), (bytes) => bytes.lastIndexOf('\\n"}') - 8),
  },
  {
    name: "flip a bit of a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /vault\/0{16}-0{13}512-[0-9a-f]{8}\.parquet/,
    mount: async (store) => await flip(store, (await store.files("vault"))[0]!, (bytes) => bytes.length >> 1),
  },
  {
    name: "append data to a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /vault\/0{13}512-0{12}1024-[0-9a-f]{8}\.parquet has \d+ bytes, not/,
    mount: async (store) =>
      await store.edit((await store.files("vault"))[1]!, (bytes) => Buffer.concat([bytes, Buffer.from("x")])),
  },
  {
    name: "flip a bit of a seal record",
    tells: "bytes",
    code: "segment_record_corrupt",
    names: /segments\/0{16}/,
    mount: async (store) =>
      await flip(store, store.path(record(0)), (bytes) => bytes.indexOf('"length_bytes":') + 17),
  },
  {
    name: "delete the file of a segment",
    tells: "bytes",
    code: "segment_corrupt",
    names: /vault\/0{16}-0{13}512-[0-9a-f]{8}\.parquet is missing/,
    mount: async (store) => await rm((await store.files("vault"))[0]!),
  },
  {
    name: "delete a seal record, and its segment",
    tells: "bytes",
    code: "segment_missing",
    names: /go up to entry 0, but segments\/0{13}512 is next/,
    mount: async (store) => {
      await rm(store.path(record(0)));
      await rm((await store.files("vault"))[0]!);
    },
  },
  {
    name: "put one segment in the other's place",
    tells: "bytes",
    code: "segment_corrupt",
    names: /vault\/0{16}-0{13}512/,
    mount: async (store) => {
      const [first, second] = await store.files("vault");
      await copyFile(second!, first!);
    },
  },
  {
    name: "put one seal record in the other's place",
    tells: "bytes",
    code: "segment_record_corrupt",
    names: /segments\/0{16}/,
    mount: async (store) => await copyFile(store.path(record(512)), store.path(record(0))),
  },
  {
    name: "delete a commit in the middle",
    tells: "bytes",
    code: "commits_unreachable",
    names: /ends at entry 1100, but there is journal\/0{12}1120/,
    mount: async (store) => await rm(store.path(commit(1_100))),
  },
  {
    name: "put a commit where another one was",
    tells: "bytes",
    code: "journal_corrupt",
    names: /journal\/0{12}1100/,
    mount: async (store) => await copyFile(store.path(commit(1_120)), store.path(commit(1_100))),
  },
  {
    name: "swap two commits",
    tells: "bytes",
    code: "journal_corrupt",
    names: /journal\/0{12}1100/,
    mount: async (store) => {
      await rename(store.path(commit(1_100)), store.path("journal/kept"));
      await rename(store.path(commit(1_120)), store.path(commit(1_100)));
      await rename(store.path("journal/kept"), store.path(commit(1_120)));
    },
  },
  {
    name: "something that is no commit behind the end",
    tells: "bytes",
    code: "journal_corrupt",
    names: /journal\/0{12}1300/,
    mount: async (store) => await writeFile(store.path(commit(1_300)), "no commit\n"),
  },
  {
    name: "delete the newest commits",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 1260/,
    mount: async (store) => {
      for (const start of [1_260, 1_280]) await rm(store.path(commit(start)));
    },
  },
  {
    name: "end the log with a fence, in place of its newest commit",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 1280/,
    mount: async (store) => {
      const { origin } = JSON.parse(await readFile(store.path("log.json"), "utf8")) as { origin: string };
      const fence = `${JSON.stringify({ fence: { origin, start: 1_280, successor: "nowhere" } })}\n`;
      await rm(store.path(commit(1_280)));
      await writeFile(store.path(commit(1_280)), fence);
    },
  },
  {
    name: "an empty log where a full one was",
    tells: "memory",
    code: "entries_missing",
    names: /1300 entries, but only 0/,
    mount: async (store) => {
      for (const folder of ["journal", "segments", "vault"]) {
        await rm(store.path(folder), { recursive: true });
      }
    },
  },
];
