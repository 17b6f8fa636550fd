import { link, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./storage-error.ts";

/** Writes all pieces at `position`, however often the system writes less than asked. */
export async function writeFully(
  file: FileHandle,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest: readonly Uint8Array[] = pieces.length > 64 ? [Buffer.concat(pieces)] : pieces;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, position);
    position += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

function behind(pieces: readonly Uint8Array[], lengthBytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    if (lengthBytes >= piece.length) lengthBytes -= piece.length;
    else {
      rest.push(piece.subarray(lengthBytes));
      lengthBytes = 0;
    }
  }
  return rest;
}

/** Makes creations, renames and deletions in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await syncFile(path);
}

/** Makes what is in a file durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a directory and those above it, durably, unless they are there. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncDirectory(dirname(at));
}

/** Replaces a file so that a reader, or a crash at any moment, finds the old content or the new one. Durable. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Creates a file, whole and durable, unless there is one; returns whether it did. Makes its directory. */
export async function createFile(path: string, content: Uint8Array): Promise<boolean> {
  const directory = dirname(path);
  await makeDirectory(directory);
  const temporary = `${path}-${process.pid}`;
  await replaceFile(temporary, content);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return false;
  } finally {
    // What is there may be of a process that died before it was durable.
    await syncDirectory(directory);
    await rm(temporary, { force: true });
  }
}
