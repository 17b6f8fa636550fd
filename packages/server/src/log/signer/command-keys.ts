import { spawn } from "node:child_process";
import { createPublicKey, verify, type KeyObject } from "node:crypto";
import {
  makeVerifierKey,
  SIGNATURE_TYPE_ED25519,
  UnavailableError,
  type NoteSigner,
  type VerifierKey,
} from "@stele/proof";
import type { KeySource } from "./key-source.ts";
import { isSameKey, rawPublicKey } from "./private-key-signer.ts";

export interface CommandKeysOptions {
  /** A shell command; docs/operate/keys.md. It is never shown: there may be a PIN in it. */
  readonly command: string;
  /** For each call (milliseconds); 5 s unless told. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const OUTPUT_LENGTH_BYTES_MAX = 16_384;
const REMARK_LENGTH_MAX = 300;
const RETRY_AFTER_MS = 1_000;
const SIGNATURE_LENGTH_BYTES = 64;
const PUBLIC_KEY_LENGTH_BYTES = 32;
/** RFC 8410: an Ed25519 public key in SPKI, before its 32 bytes. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * A key in a key service, an HSM, a card: another program signs. It is run by `/bin/sh -c` once for each signature, with
 * `STELE_ACTION=sign`, `STELE_ORIGIN=<origin>`, and the message on its standard input; it writes the 64 bytes of the signature,
 * raw or in base64. With `STELE_ACTION=public-key` it writes the public key: 32 bytes raw or in base64, or SPKI (DER, base64, PEM).
 * What it writes is untrusted: each signature is verified before it is used.
 */
export class CommandKeys implements KeySource {
  readonly place = "the command that signs (--key exec:…)";
  readonly #command: string;
  readonly #timeoutMs: number;
  readonly #publicKeys = new Map<string, KeyObject>();

  constructor({ command, timeoutMs = TIMEOUT_MS }: CommandKeysOptions) {
    this.#command = command;
    this.#timeoutMs = timeoutMs;
  }

  async find(key: VerifierKey): Promise<NoteSigner | undefined> {
    const signer = await this.#signer(key.name);
    return isSameKey(signer.key, key) ? signer : undefined;
  }

  async next(origin: string, taken: readonly VerifierKey[]): Promise<NoteSigner | undefined> {
    const signer = await this.#signer(origin);
    return taken.some((key) => isSameKey(key, signer.key)) ? undefined : signer;
  }

  async #signer(origin: string): Promise<NoteSigner> {
    const publicKey = await this.#publicKey(origin);
    const key = makeVerifierKey(origin, SIGNATURE_TYPE_ED25519, rawPublicKey(publicKey));
    return { key, sign: (text) => this.#sign(origin, publicKey, text) };
  }

  async #publicKey(origin: string): Promise<KeyObject> {
    const known = this.#publicKeys.get(origin);
    if (known) return known;
    const publicKey = parsePublicKey(await this.#run("public-key", origin, new Uint8Array()));
    if (!publicKey) throw failed("what it wrote for STELE_ACTION=public-key is no Ed25519 public key");
    this.#publicKeys.set(origin, publicKey);
    return publicKey;
  }

  async #sign(origin: string, publicKey: KeyObject, text: Uint8Array): Promise<Uint8Array> {
    const output = await this.#run("sign", origin, text);
    const signature = rawOrBase64(output, SIGNATURE_LENGTH_BYTES);
    if (!signature) throw failed(`it wrote ${output.length} bytes, which are no Ed25519 signature`);
    if (verify(null, text, publicKey, signature)) return signature;
    throw failed("what it wrote is not a signature of the message by its public key. Nothing was committed");
  }

  async #run(action: "sign" | "public-key", origin: string, input: Uint8Array): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    // A process group of its own, so that what the shell started ends with it.
    const child = spawn("/bin/sh", ["-c", this.#command], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, STELE_ACTION: action, STELE_ORIGIN: origin },
    });
    const end = (error: UnavailableError): void => {
      reject(error);
      killGroup(child.pid);
    };
    const late = setTimeout(() => end(failed(`it took longer than ${this.#timeoutMs} ms`)), this.#timeoutMs);
    const output: Buffer[] = [];
    let lengthBytes = 0;
    let remark = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output.push(chunk);
      lengthBytes += chunk.length;
      if (lengthBytes > OUTPUT_LENGTH_BYTES_MAX)
        end(failed(`it wrote more than ${OUTPUT_LENGTH_BYTES_MAX} bytes`));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      remark = `${remark}${chunk.toString()}`.slice(-REMARK_LENGTH_MAX);
    });
    child.stdin.on("error", () => undefined); // It need not read; whether it signed shows.
    child.stdin.end(input);
    child.on("error", (cause) => end(failed("it can't be run", { cause })));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(failed(`it ended with ${code ?? signal}${remark.trim() && `: ${remark.trim()}`}`));
    });
    try {
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended by itself
  }
}

/** @param output untrusted */
function parsePublicKey(output: Buffer): KeyObject | undefined {
  const text = output.toString("latin1").trim();
  const raw = rawOrBase64(output, PUBLIC_KEY_LENGTH_BYTES);
  const spki = rawOrBase64(output, SPKI_PREFIX.length + PUBLIC_KEY_LENGTH_BYTES);
  try {
    const publicKey = text.startsWith("-----BEGIN PUBLIC KEY-----")
      ? createPublicKey(text)
      : createPublicKey({
          key: spki ?? Buffer.concat([SPKI_PREFIX, raw ?? new Uint8Array()]),
          format: "der",
          type: "spki",
        });
    return publicKey.asymmetricKeyType === "ed25519" ? publicKey : undefined;
  } catch {
    return undefined; // OpenSSL does not take it, in its own words
  }
}

/** So many bytes, written as they are or in base64. */
function rawOrBase64(output: Buffer, lengthBytes: number): Buffer | undefined {
  if (output.length === lengthBytes) return output;
  const text = output.toString("latin1").replaceAll(/\s/g, "");
  const decoded = Buffer.from(text, "base64");
  return decoded.length === lengthBytes && decoded.toString("base64") === text ? decoded : undefined;
}

/** The message goes to producers, so it names no more than the node's own part of it; the cause is for the operator. */
function failed(why: string, options: ErrorOptions = {}): UnavailableError {
  return new UnavailableError(
    "signer_failed",
    "The node can't sign now: its signer is out. Send this again, with the same ids, here or at another node",
    { cause: new Error(`The command that signs failed: ${why}`, options), retryAfterMs: RETRY_AFTER_MS },
  );
}
