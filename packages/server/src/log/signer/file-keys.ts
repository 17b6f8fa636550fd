import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MalformedError, type NoteSigner, type VerifierKey } from "@stele/proof";
import { replaceFile } from "../../store/durable-file.ts";
import { errorCode } from "../../store/storage-error.ts";
import type { KeySource } from "./key-source.ts";
import { isSameKey, privateKeySigner } from "./private-key-signer.ts";

/** The keys of one log in files beside it: `key.pem`, then `key-2.pem`, … (PKCS #8, mode 0600). */
export class FileKeys implements KeySource {
  readonly place: string;

  constructor(directory: string) {
    this.place = directory;
  }

  async find(key: VerifierKey, number: number): Promise<NoteSigner | undefined> {
    const signer = await this.#read(key.name, number);
    return signer && isSameKey(signer.key, key) ? signer : undefined;
  }

  /** Makes it anew: a file that was left over was of a key that nobody ever declared. */
  async next(origin: string, taken: readonly VerifierKey[]): Promise<NoteSigner> {
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    await replaceFile(this.#path(taken.length + 1), pem, 0o600);
    return privateKeySigner(origin, privateKey);
  }

  async #read(origin: string, number: number): Promise<NoteSigner | undefined> {
    const path = this.#path(number);
    try {
      if (((await stat(path)).mode & 0o077) !== 0) {
        throw new MalformedError(
          "key_exposed",
          `${path} can be read by others: chmod 600 it, then think of a new key (stele key rotate)`,
        );
      }
      return privateKeySigner(origin, createPrivateKey(await readFile(path)));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  #path(number: number): string {
    return join(this.place, keyFileName(number));
  }
}

/** The file of a log's `number`th key, from 1 on. */
export function keyFileName(number: number): string {
  return number === 1 ? "key.pem" : `key-${number}.pem`;
}
