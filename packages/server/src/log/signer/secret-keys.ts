import type { NoteSigner, VerifierKey } from "@stele/proof";
import type { KeySource } from "./key-source.ts";
import type { LogSecret } from "./log-secret.ts";
import { isSameKey, privateKeySigner } from "./private-key-signer.ts";

/** Keys that are derived from a secret: any number for each log, and the same at all nodes. */
export class SecretKeys implements KeySource {
  readonly place: string;
  readonly #secret: LogSecret;

  /** `place`: the file, or the variable, that the secret is from. */
  constructor(secret: LogSecret, place: string) {
    this.#secret = secret;
    this.place = place;
  }

  /** Each generation of a secret was a key of the log before the next, so the `number`th key has that generation or one before. */
  find(key: VerifierKey, number: number): Promise<NoteSigner | undefined> {
    for (let generation = number; generation > 0; generation--) {
      const signer = this.#derive(key.name, generation);
      if (isSameKey(signer.key, key)) return Promise.resolve(signer);
    }
    return Promise.resolve(undefined);
  }

  next(origin: string, taken: readonly VerifierKey[]): Promise<NoteSigner> {
    let signer = this.#derive(origin, 1);
    for (let generation = 2; taken.some((key) => isSameKey(key, signer.key)); generation++) {
      signer = this.#derive(origin, generation);
    }
    return Promise.resolve(signer);
  }

  #derive(origin: string, generation: number): NoteSigner {
    return privateKeySigner(origin, this.#secret.deriveKey(origin, generation));
  }
}
