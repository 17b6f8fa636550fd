import { chmod, mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, UnavailableError } from "@stele/proof";
import { directoryStatements } from "../log/key-statements.ts";
import { directoryObjects } from "../store/directory-objects.ts";
import { replaceFile, syncDirectory } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import { logKeys, type Store } from "../store/store.ts";
import { parseCommitObject } from "../verify/commit-audit.ts";
import type { VerifiedStoreLog } from "../verify/verify-store.ts";
import { fetchSegment } from "./copy-segment.ts";
import { SharedPrimary } from "./shared-primary.ts";

const FILE_LENGTH_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Makes the directory of a log (docs/spec/journal.md) from a store that was verified: what a node without a store needs to
 * go on, but for its private keys. `log.json` comes last, so what was interrupted is no log.
 *
 * @param directory `<data>/logs/<name>`; must not be there
 * @throws ConflictError `log_directory_taken`; VerificationError `segment_corrupt`, `journal_corrupt`; UnavailableError
 */
export async function restoreDirectory(
  store: Store,
  log: string,
  { keys, treeSize, checkpoint }: VerifiedStoreLog,
  directory: string,
): Promise<void> {
  const primary = new SharedPrimary(store.objects(log), store.vault(log), keys);
  await makeDirectory(directory);
  const segments = join(directory, "segments");
  const records = join(directory, "records");
  for (const each of [segments, records, join(directory, "journal")]) await mkdir(each);
  let resume = 0;
  for (let start = 0; ;) {
    const record = await primary.record(start);
    if (!record) break;
    const { key, end } = record.segment;
    const read = (from: number, to: number) => primary.vault.get({ key }, from, to);
    await fetchSegment(record, read, `${primary.vault.place}/${key}`, join(segments, key));
    await chmod(join(segments, key), 0o444);
    await replaceFile(join(records, String(start).padStart(16, "0")), record.note);
    ({ resume } = record);
    start = end;
  }
  await syncDirectory(segments);
  await writeJournal(primary, resume, treeSize, join(directory, "journal"));
  if (checkpoint !== undefined) await replaceFile(join(directory, "checkpoint"), checkpoint);
  const anchors = directoryObjects(directory);
  for await (const { key } of primary.anchors.list(logKeys.anchors)) {
    const bytes = await primary.anchors.get(key);
    if (bytes) await anchors.create(key, [bytes]);
  }
  const kept = directoryStatements(directory);
  for (const [i, statement] of keys.statements.entries()) await kept.create(i + 1, statement);
  await replaceFile(join(directory, "log.json"), await primary.identity());
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(join(directory, ".."), { recursive: true, mode: 0o700 });
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (cause) {
    if (errorCode(cause) !== "EEXIST") throw cause;
    throw new ConflictError("log_directory_taken", `${directory} is there already and is never replaced`, {
      cause,
    });
  }
}

/** Puts the commits of `[start, end)` one behind the other, into files as a node begins them. */
async function writeJournal(
  primary: SharedPrimary,
  start: number,
  end: number,
  directory: string,
): Promise<void> {
  let file: FileHandle | undefined;
  let lengthBytes = 0;
  try {
    for (let at = start; at < end;) {
      const place = `${primary.place}/${logKeys.commit(at)}`;
      const bytes = await primary.commit(at);
      if (!bytes) throw new UnavailableError("store_unavailable", `${place} was there, but is not any more`);
      if (!file || lengthBytes >= FILE_LENGTH_BYTES_MAX) {
        await file?.sync();
        await file?.close();
        file = await open(join(directory, `${String(at).padStart(16, "0")}.ndjson`), "wx");
        lengthBytes = 0;
      }
      await file.writeFile(bytes);
      lengthBytes += bytes.length;
      at += parseCommitObject(bytes, at, place).count;
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
  await syncDirectory(directory);
}
