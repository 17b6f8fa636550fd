import { readFile } from "node:fs/promises";
import { replaceFile } from "../../store/durable-file.ts";
import { errorCode } from "../../store/storage-error.ts";

const ID = /^[0-9a-f]{16}\n$/;

/** What tells the node that has this data directory from others of its store, over restarts. Made when there is none. */
export async function ownNodeId(path: string, random: () => Buffer): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (ID.test(text)) return text.trimEnd();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const id = random().toString("hex");
  await replaceFile(path, `${id}\n`, 0o600);
  return id;
}
