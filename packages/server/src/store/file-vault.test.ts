import { existsSync, statSync } from "node:fs";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FileVault } from "./file-vault.ts";
import { RootDirectory } from "./root-directory.ts";
import { vaultContract } from "./testing/vault-contract.ts";

vaultContract("files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "stele-vault-"));
  return { vault: await FileVault.open(directory), remove: () => rm(directory, { recursive: true }) };
});

it("keeps files read-only, and refuses keys that lead elsewhere", async () => {
  const directory = await mkdtemp(join(tmpdir(), "stele-vault-"));
  const vault = await FileVault.open(directory);
  const staged = join(directory, ".staged");
  await writeFile(staged, "x");
  await vault.put("a.parquet", staged);
  expect((await stat(vault.path("a.parquet"))).mode & 0o777).toBe(0o444);
  for (const key of ["../a", "a/b", ".hidden", ""]) {
    expect(() => vault.path(key)).toThrow(expect.objectContaining({ code: "vault_key_malformed" }));
  }
  await rm(directory, { recursive: true });
});

// On Linux this is another file system than the directory of temporary files, most of the time.
const elsewhere = "/dev/shm";
const apart = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev;

it.skipIf(!apart)("takes a file from another file system", async () => {
  const directory = await mkdtemp(join(tmpdir(), "stele-vault-"));
  const staging = await mkdtemp(join(elsewhere, "stele-staging-"));
  const vault = FileVault.below(new RootDirectory(directory), join("made", "with", "the", "first"));
  const staged = join(staging, "file");
  await writeFile(staged, "sealed");
  await vault.put("a.parquet", staged);
  expect(Buffer.from(await vault.get({ key: "a.parquet" }, 0, 6)).toString()).toBe("sealed");
  expect((await stat(vault.path("a.parquet"))).mode & 0o777).toBe(0o444);
  expect(await readdir(join(directory, "made", "with", "the", "first"))).toEqual(["a.parquet"]);
  expect(await readdir(staging)).toEqual([]);
  for (const path of [directory, staging]) await rm(path, { recursive: true });
});
