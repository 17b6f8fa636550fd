import { open } from "node:fs/promises";
import type { InputFile } from "./input-file.ts";
import { uploadEvents, UploadRefusedError, type PendingEvent, type UploadCounts } from "./event-upload.ts";
import { countOf, formatCount } from "./count.ts";
import { ProgressBar } from "./progress-bar.ts";
import type { Session } from "./session.ts";

export interface UploadFlags {
  /** A file for the events that are refused. */
  readonly skipInvalid?: string;
}

/**
 * Appends the events of files, shows how far it is, and says what was done.
 *
 * @param eventsOf the events of a file, in order
 */
export async function uploadFiles(
  session: Session,
  files: readonly InputFile[],
  eventsOf: (file: InputFile) => AsyncIterable<PendingEvent>,
  { skipInvalid }: UploadFlags,
): Promise<void> {
  const progress = new ProgressBar(session.err, "events");
  const refusedFile = skipInvalid === undefined ? undefined : await open(skipInvalid, "wx");
  const counts: UploadCounts = { added: 0, duplicates: 0, refused: 0, treeSize: 0 };
  try {
    await uploadEvents(session.client(), eventsOfAll(files, eventsOf), counts, {
      signal: session.signal,
      onProgress: async () => {
        if (session.options.quiet) return;
        await progress.update(counts.added + counts.duplicates + counts.refused, fractionOf(files));
      },
      ...(refusedFile && {
        onRefused: async ({ place, reason, source }) => {
          await refusedFile.write(`${JSON.stringify({ place, reason, source })}\n`);
        },
      }),
    });
    await progress.clear();
    await report(session, counts, skipInvalid);
  } catch (error) {
    await progress.clear();
    await explain(session, counts, error);
    throw error;
  } finally {
    await refusedFile?.close();
  }
}

async function* eventsOfAll(
  files: readonly InputFile[],
  eventsOf: (file: InputFile) => AsyncIterable<PendingEvent>,
): AsyncGenerator<PendingEvent, void, undefined> {
  for (const file of files) yield* eventsOf(file);
}

/** Undefined if the length of one of the files is not known. */
function fractionOf(files: readonly InputFile[]): number | undefined {
  let read = 0;
  let length = 0;
  for (const file of files) {
    if (file.lengthBytes === undefined) return undefined;
    length += file.lengthBytes;
    read += file.readBytes;
  }
  return length === 0 ? undefined : read / length;
}

async function report(
  session: Session,
  counts: UploadCounts,
  skipInvalid: string | undefined,
): Promise<void> {
  const { added, duplicates, refused, treeSize } = counts;
  const { log } = session.options;
  if (session.json) {
    await session.printJson({ log, added, duplicates, refused, tree_size: treeSize });
    return;
  }
  const parts = [`${countOf(added, "event")} added to the log ${log}`];
  if (duplicates > 0) parts.push(`${formatCount(duplicates)} there already`);
  if (refused > 0) parts.push(`${formatCount(refused)} refused (see ${skipInvalid})`);
  await session.print(`${parts.join(", ")}.`);
  if (treeSize > 0)
    await session.remark(`It has ${countOf(treeSize, "entry")}, all of them durable and signed.`);
}

async function explain(session: Session, { added, duplicates }: UploadCounts, error: unknown): Promise<void> {
  const sent = added + duplicates;
  await session.remark(
    sent === 0 ? "Nothing was added." : `The first ${countOf(sent, "event")} are in the log.`,
  );
  if (error instanceof UploadRefusedError) {
    await session.remark(
      "To go on without events like the following: --skip-invalid FILE, which collects them.",
    );
  }
}
