import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sealSegment } from "../search/segment-writer.ts";
import type { Journal } from "../store/journal.ts";
import type { BuildSegment } from "./sealer.ts";

export interface SegmentBuildOptions {
  readonly origin: string;
  readonly journal: Journal;
  readonly stagingDirectory: string;
  readonly tempDirectory: string;
}

/** Builds segments from the files of a journal, in a process of their own. */
export function segmentBuild(options: SegmentBuildOptions): BuildSegment {
  const { origin, journal, stagingDirectory, tempDirectory } = options;
  return async ({ suffix, ...range }) => {
    await mkdir(stagingDirectory, { recursive: true });
    const segment = await sealSegment({
      ...(suffix !== undefined && { suffix }),
      ...range,
      directory: stagingDirectory,
      tempDirectory,
      origin,
      journalFiles: journal.files.map((file) => ({ ...file })),
    });
    return { segment, path: join(stagingDirectory, segment.key) };
  };
}
