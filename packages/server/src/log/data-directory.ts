import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../store/storage-error.ts";

/** What a log may be called. */
export const LOG_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** `<data>/logs/<name>`. */
export function logDirectory(dataDir: string, name: string): string {
  return join(dataDir, "logs", name);
}

/** The logs of a data directory: those whose `log.json` was written, which is the last step of making one. */
export async function logNames(dataDir: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(dataDir, "logs"), { withFileTypes: true })) {
    if (
      entry.isDirectory() &&
      LOG_NAME.test(entry.name) &&
      (await exists(join(dataDir, "logs", entry.name)))
    ) {
      names.push(entry.name);
    }
  }
  return names.toSorted();
}

async function exists(directory: string): Promise<boolean> {
  try {
    await stat(join(directory, "log.json"));
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
