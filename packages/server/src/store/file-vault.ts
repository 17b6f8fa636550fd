import { randomBytes } from "node:crypto";
import { chmod, copyFile, link, mkdir, open, readdir, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, MalformedError, UnavailableError } from "@stele/proof";
import { syncDirectory, syncFile } from "./durable-file.ts";
import { RootDirectory } from "./root-directory.ts";
import { errorCode, storageError } from "./storage-error.ts";
import type { Vault, VaultObject, VaultRef } from "./vault.ts";

const KEY = /^[0-9A-Za-z][0-9A-Za-z._-]{0,200}$/;

/**
 * A vault in a directory: read-only files. It keeps nobody with rights on the directory from deleting them (that
 * takes Object Lock); it makes deletion and change evident, as every vault does.
 */
export class FileVault implements Vault {
  readonly #root: RootDirectory;
  readonly #directory: string;

  get place(): string {
    return this.#directory;
  }

  private constructor(root: RootDirectory, path: string) {
    this.#root = root;
    this.#directory = join(root.path, path);
  }

  static async open(directory: string): Promise<FileVault> {
    await mkdir(directory, { recursive: true });
    return new FileVault(new RootDirectory(directory), "");
  }

  /** One at a path below a root that has to be there; made with its first object. */
  static below(root: RootDirectory, path: string): FileVault {
    return new FileVault(root, path);
  }

  async put(key: string, path: string): Promise<VaultObject> {
    const target = this.path(key);
    try {
      await this.#root.makeBelow(this.#directory);
      await chmod(path, 0o444);
      await this.#place(path, target);
      await syncDirectory(this.#directory);
      await unlink(path);
    } catch (cause) {
      if (errorCode(cause) === "EEXIST") {
        throw new ConflictError("vault_key_taken", `${target} is there already and is never replaced`, {
          cause,
        });
      }
      throw cause instanceof UnavailableError ? cause : storageError(cause, target);
    }
    return { key, lengthBytes: (await stat(target)).size };
  }

  async get({ key }: VaultRef, from: number, to: number): Promise<Uint8Array> {
    const found = await this.head({ key });
    if (!found) throw new MalformedError("vault_key_unknown", `The vault has no ${key}`);
    if (!(from >= 0 && from <= to && to <= found.lengthBytes)) {
      throw new MalformedError(
        "range_out_of_bounds",
        `${key} has ${found.lengthBytes} bytes, not [${from}, ${to})`,
      );
    }
    const bytes = new Uint8Array(to - from);
    const file = await open(this.path(key), "r").catch((cause: unknown) => {
      throw storageError(cause, this.path(key));
    });
    try {
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
        if (bytesRead === 0) throw new MalformedError("range_out_of_bounds", `${key} ends early`);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes;
  }

  async head({ key }: VaultRef): Promise<VaultObject | undefined> {
    try {
      return { key, lengthBytes: (await stat(this.path(key))).size };
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw storageError(cause, this.path(key));
      await this.#root.assertThere();
      return undefined;
    }
  }

  async lock(): Promise<"none"> {
    return await Promise.resolve("none");
  }

  async list(): Promise<VaultObject[]> {
    try {
      const keys = (await readdir(this.#directory)).filter((name) => KEY.test(name)).toSorted();
      return await Promise.all(
        keys.map(async (key) => ({ key, lengthBytes: (await stat(this.path(key))).size })),
      );
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw storageError(cause, this.#directory);
      await this.#root.assertThere();
      return [];
    }
  }

  /** Where DuckDB finds an object. @throws MalformedError `vault_key_malformed` */
  path(key: string): string {
    if (!KEY.test(key))
      throw new MalformedError("vault_key_malformed", `${JSON.stringify(key)} can't be a key`);
    return join(this.#directory, key);
  }

  async #place(path: string, target: string): Promise<void> {
    try {
      // A link, unlike a rename, never replaces what is there.
      await link(path, target);
    } catch (error) {
      if (errorCode(error) !== "EXDEV") throw error;
      const copy = join(this.#directory, `.new-${randomBytes(16).toString("hex")}`);
      try {
        await copyFile(path, copy);
        await syncFile(copy);
        await link(copy, target);
      } finally {
        await rm(copy, { force: true });
      }
    }
  }
}
