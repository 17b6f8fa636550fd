import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Vault } from "../vault.ts";

export interface VaultUnderTest {
  readonly vault: Vault;
  remove(): Promise<void>;
}

/** What every driver of `Vault` must do. `skip`: why it can't be tried here. */
export function vaultContract(driver: string, make: () => Promise<VaultUnderTest>, skip?: string): void {
  describe.skipIf(skip)(`the vault contract: ${driver}${skip ? ` (skipped: ${skip})` : ""}`, () => {
    let subject: VaultUnderTest;
    let staging: string;

    beforeEach(async () => {
      subject = await make();
      staging = await mkdtemp(join(tmpdir(), "stele-staging-"));
    });

    afterEach(async () => {
      await subject.remove();
      await rm(staging, { recursive: true });
    });

    async function staged(content: string): Promise<string> {
      const path = join(staging, "file");
      await writeFile(path, content);
      return path;
    }

    it("has nothing at first", async () => {
      expect(await subject.vault.list()).toEqual([]);
      expect(await subject.vault.head({ key: "a.parquet" })).toBeUndefined();
      await expect(subject.vault.get({ key: "a.parquet" }, 0, 0)).rejects.toMatchObject({
        code: "vault_key_unknown",
      });
    });

    it("gives back what was put, whole and by range, and takes the staged file away", async () => {
      const path = await staged("0123456789");
      expect(await subject.vault.put("a.parquet", path, {})).toMatchObject({
        key: "a.parquet",
        lengthBytes: 10,
      });
      expect(Buffer.from(await subject.vault.get({ key: "a.parquet" }, 0, 10)).toString()).toBe("0123456789");
      expect(Buffer.from(await subject.vault.get({ key: "a.parquet" }, 3, 7)).toString()).toBe("3456");
      expect(await subject.vault.head({ key: "a.parquet" })).toMatchObject({ lengthBytes: 10 });
      await expect(subject.vault.get({ key: "a.parquet" }, 3, 11)).rejects.toMatchObject({
        code: "range_out_of_bounds",
      });
      await expect(subject.vault.put("b.parquet", path, {})).rejects.toMatchObject({
        code: "storage_failed",
      });
    });

    it("never replaces what it has", async () => {
      await subject.vault.put("a.parquet", await staged("first"), {});
      await expect(subject.vault.put("a.parquet", await staged("other"), {})).rejects.toMatchObject({
        code: "vault_key_taken",
      });
      expect(Buffer.from(await subject.vault.get({ key: "a.parquet" }, 0, 5)).toString()).toBe("first");
    });

    it("lists in the order of keys", async () => {
      for (const key of ["b.parquet", "a.parquet", "c.parquet"]) {
        await subject.vault.put(key, await staged(key), {});
      }
      expect((await subject.vault.list()).map(({ key }) => key)).toEqual([
        "a.parquet",
        "b.parquet",
        "c.parquet",
      ]);
    });
  });
}
