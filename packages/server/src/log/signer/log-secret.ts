import { createPrivateKey, hkdfSync, randomBytes, type KeyObject } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { ConflictError, MalformedError } from "@stele/proof";
import { errorCode } from "../../store/storage-error.ts";

const PREFIX = "stele-secret-v1 ";
const SECRET_LENGTH_BYTES = 32;
const INFO = "stele log key v1\n";
/** A first line that the first generation does not have, so that no origin gives the same twice. */
const LATER_INFO = "stele log key v1, generation\n";
/** RFC 8410: an Ed25519 private key in PKCS #8, before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * What the nodes of a cluster share beside the store: 32 random bytes, from which the key of each log is derived, so that
 * a log made at one node can be signed at all of them. It never leaves the process.
 */
export class LogSecret {
  // Private to the language, so that no log, error or inspection shows it.
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Makes a new secret in a file that did not exist (mode 0600). @throws ConflictError `secret_exists` */
  static async create(path: string): Promise<LogSecret> {
    const bytes = randomBytes(SECRET_LENGTH_BYTES);
    try {
      const file = await open(path, "wx", 0o600);
      try {
        await file.writeFile(`${PREFIX}${bytes.toString("base64")}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (errorCode(cause) !== "EEXIST") throw cause;
      throw new ConflictError("secret_exists", `${path} is there already and is never replaced`, { cause });
    }
    return new LogSecret(bytes);
  }

  /** @throws MalformedError `secret_malformed`, `secret_missing`, `key_exposed` */
  static async read(path: string): Promise<LogSecret> {
    let text: string;
    try {
      // Kubernetes lets a group read what it mounts; nobody else may.
      if (((await stat(path)).mode & 0o007) !== 0) {
        throw new MalformedError(
          "key_exposed",
          `${path} can be read by everybody: chmod 600 it, then think of a new one`,
        );
      }
      text = await readFile(path, "utf8");
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause;
      throw new MalformedError(
        "secret_missing",
        `There is no ${path}. \`stele key new ${path}\` makes one, for all nodes`,
        {
          cause,
        },
      );
    }
    return LogSecret.parse(text, path);
  }

  /** From what `stele key new` wrote. @throws MalformedError `secret_malformed`, naming `place` and nothing else */
  static parse(text: string, place: string): LogSecret {
    const bytes = Buffer.from(text.slice(PREFIX.length).trim(), "base64");
    if (!text.startsWith(PREFIX) || bytes.length !== SECRET_LENGTH_BYTES) {
      throw new MalformedError("secret_malformed", `${place} is not a secret that \`stele key new\` made`);
    }
    return new LogSecret(bytes);
  }

  /**
   * The Ed25519 key of the log with this origin: HKDF-SHA-256 (RFC 5869), no salt.
   *
   * @param generation which one, from 1 on: a log's key is rotated to the next
   */
  deriveKey(origin: string, generation = 1): KeyObject {
    const info = generation === 1 ? `${INFO}${origin}` : `${LATER_INFO}${generation}\n${origin}`;
    const seed = Buffer.from(hkdfSync("sha256", this.#bytes, "", info, 32));
    return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  }
}
