import { FileObjects } from "./file-objects.ts";
import { RootDirectory } from "./root-directory.ts";

const TIMEOUT_MS = 10_000;

/** Objects in the directory of one log, beside what else is there: its anchors. The directory has to be there. */
export function directoryObjects(directory: string): FileObjects {
  return new FileObjects({ root: new RootDirectory(directory), path: "", timeoutMs: TIMEOUT_MS });
}
