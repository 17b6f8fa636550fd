import type { NoteSigner, VerifierKey } from "@stele/proof";

/**
 * Where private keys of logs are: files, a secret that they derive from, another program. What it hands out signs; the key
 * itself stays inside. Drivers: {@link FileKeys}, {@link SecretKeys}, {@link CommandKeys}.
 *
 * `NoteSigner.sign` throws UnavailableError `signer_failed` if there is no signature to be had now, or a wrong one: nothing may
 * be committed then. It ends within the driver's time-out.
 */
export interface KeySource {
  /** Names it for a person; has nothing secret in it. */
  readonly place: string;

  /**
   * Signs with this key of a log, if it is here.
   *
   * @param number which key of its log it is, from 1 on
   * @throws UnavailableError `signer_failed` if that can't be found out now; MalformedError `key_exposed`
   */
  find(key: VerifierKey, number: number): Promise<NoteSigner | undefined>;

  /**
   * A key of this log that is none of `taken`, the log's keys until now, oldest first. Durable when it resolves. Safe twice: a key
   * that nobody used is handed out again, or never was. Undefined if there is none.
   */
  next(origin: string, taken: readonly VerifierKey[]): Promise<NoteSigner | undefined>;
}
