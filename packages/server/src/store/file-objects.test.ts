import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileObjects } from "./file-objects.ts";
import { RootDirectory } from "./root-directory.ts";
import { listed, objectStoreContract } from "./testing/object-store-contract.ts";

const timeoutMs = 5_000;

objectStoreContract("a directory", async () => {
  const root = await mkdtemp(join(tmpdir(), "stele-objects-"));
  const options = { root: new RootDirectory(root), path: join("logs", "main"), timeoutMs };
  return {
    store: new FileObjects(options),
    other: new FileObjects(options),
    remove: () => rm(root, { recursive: true }),
  };
});

describe("objects in a directory", () => {
  let directory: string;
  let store: FileObjects;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "stele-objects-"));
    store = new FileObjects({ root: new RootDirectory(directory), path: "", timeoutMs });
  });

  afterEach(() => rm(directory, { recursive: true }));

  it("are created once by processes that race", async () => {
    const children = Array.from({ length: 4 }, () =>
      fork(join(import.meta.dirname, "testing", "racing-creator.ts"), [directory]),
    );
    const won = await Promise.all(
      children.map(async (child) => {
        const exited = once(child, "exit");
        const [numbers] = (await once(child, "message")) as [number[]];
        await exited;
        return numbers;
      }),
    );
    expect(won.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(await readdir(directory)).toEqual(["journal"]);
  });

  it("leave nothing of a process that died, and leave the work of others alone", async () => {
    const [old, young] = ["0", "1"].map((digit) => `.new-${digit.repeat(32)}`) as [string, string];
    for (const name of [old, young]) await writeFile(join(directory, name), "half");
    await utimes(join(directory, old), new Date(0), new Date(0));
    await store.create("a", [Buffer.from("x")]);
    expect(await readdir(directory)).toEqual([young, "a"]);
    expect(await listed(store)).toEqual([{ key: "a", lengthBytes: 1 }]);
  });

  it.skipIf(process.getuid?.() === 0)("say that rights are missing", async () => {
    await chmod(directory, 0o500);
    await expect(store.create("a", [])).rejects.toMatchObject({ code: "store_denied" });
  });

  it("say so where a file is in a directory's place", async () => {
    await store.create("a", []);
    await expect(store.create("a/b", [])).rejects.toMatchObject({ code: "store_denied" });
  });
});
