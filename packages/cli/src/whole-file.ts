import { open, rename, rm } from "node:fs/promises";

/** Takes text or bytes, and resolves when it takes more. */
export type Write = (part: string | Uint8Array) => Promise<void>;

/**
 * Writes a file that appears complete or not at all: under another name beside it first, synced, then in its place. What
 * was there before stays until then.
 *
 * @param path `-` is the standard output, which can't be taken back
 */
export async function writeWholeFile(path: string, work: (write: Write) => Promise<void>): Promise<void> {
  if (path === "-") {
    await work(
      (part) =>
        new Promise((resolve, reject) => {
          process.stdout.write(part, (error) => (error ? reject(error) : resolve()));
        }),
    );
    return;
  }
  const unfinished = `${path}.part-${process.pid}`;
  try {
    await using file = await open(unfinished, "w");
    await work(async (part) => void (await file.write(Buffer.from(part))));
    await file.sync();
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await rename(unfinished, path);
}
