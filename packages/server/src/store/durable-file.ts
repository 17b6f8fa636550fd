import { open, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

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
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
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
