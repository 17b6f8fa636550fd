import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SteleClient } from "@stele/client";
import { startServe, stele } from "../../packages/cli/src/testing/stele-process.ts";

const ENTRIES = 1_300;
const COMMIT_ENTRIES = 20;
const SEGMENT_ENTRIES = 512;

/** A log in a store that nodes share, to be tampered with: here a directory, whose files are the objects of a bucket. */
export class StoreFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get url(): string {
    return `file://${this.directory}`;
  }

  path(...names: string[]): string {
    return join(this.directory, "logs", "main", ...names);
  }

  /** The files of `journal`, `segments` (seal records) or `vault`, in order. */
  async files(folder: string): Promise<string[]> {
    const names = await readdir(this.path(folder));
    return names.toSorted().map((name) => this.path(folder, name));
  }

  async edit(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
    const changed = change(await readFile(path));
    await rm(path);
    await writeFile(path, changed);
  }
}

/** An honest log in a store, written by a real node. Made once, copied for each attack. */
export class StoreScene {
  readonly root: string;
  readonly honest: StoreFiles;

  private constructor(root: string) {
    this.root = root;
    this.honest = new StoreFiles(join(root, "honest"));
  }

  static async make(): Promise<StoreScene> {
    const scene = new StoreScene(await mkdtemp(join(tmpdir(), "stele-tamper-")));
    const key = join(scene.root, "nodes.key");
    await stele(["key", "new", key]);
    const node = await startServe(join(scene.root, "node"), [
      "--journal",
      scene.honest.url,
      "--key",
      key,
      "--segment-entries",
      String(SEGMENT_ENTRIES),
    ]);
    try {
      const client = new SteleClient({ endpoints: [node.url], log: "main" });
      const append = async (from: number, to: number): Promise<void> => {
        for (let at = from; at < to; at += COMMIT_ENTRIES) {
          const ids = Array.from({ length: COMMIT_ENTRIES }, (_, i) => at + i);
          await client.append(
            ids.map((id) => ({ id: `e-${id}`, action: "a.b", actor: { id: `u-${id % 7}` } })),
          );
        }
      };
      const sealed = async (): Promise<number> => (await client.status()).logs[0]!.sealedSize;
      await append(0, 1_100);
      // So that the checkpoints in segments know nothing of what comes now.
      while ((await sealed()) < 2 * SEGMENT_ENTRIES) await sleep(50);
      await append(1_100, ENTRIES);
    } finally {
      await node.process.stop();
    }
    return scene;
  }

  async copy(): Promise<StoreFiles> {
    const directory = await mkdtemp(join(this.root, "copy-"));
    await cp(this.honest.directory, directory, { recursive: true });
    return new StoreFiles(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
