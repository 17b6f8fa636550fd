import { readdir } from "node:fs/promises";
import { errorCode } from "./storage-error.ts";

/** What is in a directory; nothing if there is no such directory. */
export async function fileNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
