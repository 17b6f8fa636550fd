import type { Vault, VaultLock, VaultObject, VaultRef } from "../../store/vault.ts";

/** Counts what is read of a vault, and holds it up. */
export class CountingVault implements Vault {
  readonly #vault: Vault;
  readonly reads: { readonly key: string; readonly from: number; readonly to: number }[] = [];
  atOnce = 0;
  atOnceMax = 0;
  /** Awaited by each read. */
  delay: () => Promise<unknown> = () => Promise.resolve();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  get place(): string {
    return this.#vault.place;
  }

  get bytes(): number {
    return this.reads.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  async get(object: VaultRef, from: number, to: number): Promise<Uint8Array> {
    this.reads.push({ key: object.key, from, to });
    this.atOnceMax = Math.max(this.atOnceMax, ++this.atOnce);
    try {
      await this.delay();
      return await this.#vault.get(object, from, to);
    } finally {
      this.atOnce--;
    }
  }

  async put(key: string, path: string, options: { readonly retainUntilMs?: number }): Promise<VaultObject> {
    return await this.#vault.put(key, path, options);
  }

  async head(object: VaultRef): Promise<VaultObject | undefined> {
    return await this.#vault.head(object);
  }

  async lock(): Promise<VaultLock> {
    return await this.#vault.lock();
  }

  async list(): Promise<VaultObject[]> {
    return await this.#vault.list();
  }
}
