import { FileObjects } from "../file-objects.ts";
import { RootDirectory } from "../root-directory.ts";

/** Tries to create a hundred objects in the directory that it is given, and tells its parent which it won. */
const store = new FileObjects({ root: new RootDirectory(process.argv[2]!), path: "", timeoutMs: 5_000 });
const won: number[] = [];
for (let n = 0; n < 100; n++) {
  if ((await store.create(`journal/${n}`, [Buffer.from(`${process.pid}`)])) === "created") won.push(n);
}
process.send!(won);
