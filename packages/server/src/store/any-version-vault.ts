import { SteleError } from "@stele/proof";
import type { Vault, VaultLock, VaultObject, VaultRef } from "./vault.ts";

/**
 * A vault that gives an object of another version if the version asked for is not there. Seal records name the version of
 * the store where the segment was sealed: a mirror, or what was one before it was promoted, has another. Whoever reads
 * compares the bytes with the record's hashes anyway.
 */
export class AnyVersionVault implements Vault {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  get place(): string {
    return this.#vault.place;
  }

  async put(key: string, path: string, options: { readonly retainUntilMs?: number }): Promise<VaultObject> {
    return await this.#vault.put(key, path, options);
  }

  async get(object: VaultRef, from: number, to: number): Promise<Uint8Array> {
    try {
      return await this.#vault.get(object, from, to);
    } catch (error) {
      if (object.version === undefined || !mayBeVersion(error)) throw error;
      return await this.#vault.get({ key: object.key }, from, to);
    }
  }

  async head(object: VaultRef): Promise<VaultObject | undefined> {
    const { key, version } = object;
    try {
      const found = await this.#vault.head(object);
      if (found || version === undefined) return found;
    } catch (error) {
      if (version === undefined || !mayBeVersion(error)) throw error;
    }
    return await this.#vault.head({ key });
  }

  async lock(): Promise<VaultLock> {
    return await this.#vault.lock();
  }

  async list(): Promise<VaultObject[]> {
    return await this.#vault.list();
  }
}

/** Some engines refuse a version whose form is not theirs as a bad request. */
function mayBeVersion(error: unknown): boolean {
  return error instanceof SteleError && (error.code === "vault_key_unknown" || error.code === "store_denied");
}
