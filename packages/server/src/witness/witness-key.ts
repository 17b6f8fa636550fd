import { createPrivateKey, createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import {
  ConflictError,
  cosignatureVerifier,
  encodeBase64,
  formatKeyId,
  formatVerifierKey,
  makeVerifierKey,
  MalformedError,
  signCosignature,
  SIGNATURE_TYPE_COSIGNATURE,
  type NoteSignature,
  type NoteVerifier,
  type VerifierKey,
} from "@stele/proof";
import { nativeEd25519 } from "../log/native-ed25519.ts";
import { errorCode } from "../store/storage-error.ts";

const PREFIX = "PRIVATE+KEY+";
const SEED_LENGTH_BYTES = 32;
const FILE_LENGTH_BYTES_MAX = 4096;
/** RFC 8410: an Ed25519 private key in PKCS #8, before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The key that a witness cosigns with. Its file has one line, `PRIVATE+KEY+<name>+<key ID>+<base64 of 0x04 ‖ seed>`: the
 * form that golang.org/x/mod/sumdb/note has for private keys. The private key never leaves this object.
 */
export class WitnessKey {
  readonly key: VerifierKey;
  readonly vkey: string;
  readonly verifier: NoteVerifier;
  readonly #privateKey: KeyObject;

  private constructor(name: string, seed: Uint8Array) {
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    this.#privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const { x } = createPublicKey(this.#privateKey).export({ format: "jwk" });
    this.key = makeVerifierKey(name, SIGNATURE_TYPE_COSIGNATURE, Buffer.from(x!, "base64url"));
    this.vkey = formatVerifierKey(this.key);
    this.verifier = cosignatureVerifier(this.key, nativeEd25519());
  }

  /**
   * Makes a new key in a file that did not exist (mode 0600).
   *
   * @param name of the witness, such as `witness.example.com/w1`
   * @throws MalformedError `key_malformed` if it can't be a name; ConflictError `key_exists`
   */
  static async create(path: string, name: string): Promise<WitnessKey> {
    const seed = randomBytes(SEED_LENGTH_BYTES);
    const key = new WitnessKey(name, seed);
    try {
      const file = await open(path, "wx", 0o600);
      try {
        await file.writeFile(key.#format(seed));
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (errorCode(cause) !== "EEXIST") throw cause;
      throw new ConflictError("key_exists", `${path} is there already and is never replaced`, { cause });
    }
    return key;
  }

  /** @throws MalformedError `key_missing`, `key_exposed`, `key_file_malformed` */
  static async read(path: string): Promise<WitnessKey> {
    let text: string;
    try {
      const { mode, size } = await stat(path);
      if ((mode & 0o077) !== 0) {
        throw new MalformedError(
          "key_exposed",
          `${path} can be read by others: chmod 600 it, then think of a new key`,
        );
      }
      if (size > FILE_LENGTH_BYTES_MAX) throw malformed(path);
      text = await readFile(path, "utf8");
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause;
      throw new MalformedError(
        "key_missing",
        `There is no ${path}. \`stele key new --witness NAME ${path}\` makes one`,
        { cause },
      );
    }
    const { name, seed } = parseKeyFile(text, path);
    const key = new WitnessKey(name, seed);
    if (key.#format(seed) !== text) throw malformed(path);
    return key;
  }

  /** Cosigns the note text of a checkpoint. The caller has made sure that it may be cosigned, and has kept it. */
  async cosign(checkpointText: string, timestampSeconds: number): Promise<NoteSignature> {
    return await signCosignature(checkpointText, timestampSeconds, this.key, (message) =>
      sign(null, message, this.#privateKey),
    );
  }

  #format(seed: Uint8Array): string {
    const { name, keyId, type } = this.key;
    return `${PREFIX}${name}+${formatKeyId(keyId)}+${encodeBase64(Uint8Array.of(type, ...seed))}\n`;
  }
}

/** No error of this may show what is in the file, nor be caused by one that does. */
function parseKeyFile(text: string, path: string): { readonly name: string; readonly seed: Uint8Array } {
  const [, name, base64] = /^PRIVATE\+KEY\+([^+\s]+)\+[0-9a-f]{8}\+(\S+)\n$/.exec(text) ?? [];
  if (name === undefined || base64 === undefined) throw malformed(path);
  const material = Buffer.from(base64, "base64");
  if (material.length !== 1 + SEED_LENGTH_BYTES || material[0] !== SIGNATURE_TYPE_COSIGNATURE) {
    throw malformed(path);
  }
  return { name, seed: material.subarray(1) };
}

function malformed(path: string): MalformedError {
  return new MalformedError(
    "key_file_malformed",
    `${path} is not a key that \`stele key new --witness\` made`,
  );
}
