import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  formatVerifierKey,
  makeVerifierKey,
  MalformedError,
  SIGNATURE_TYPE_ED25519,
  type VerifierKey,
} from "@stele/proof";
import { replaceFile } from "../store/durable-file.ts";

/** The name and key of a log, made once, when the log is made. */
export interface LogIdentity {
  readonly origin: string;
  readonly vkey: string;
  readonly createdAt: string;
  readonly signer: { readonly key: VerifierKey; sign(text: Uint8Array): Uint8Array };
}

/**
 * Makes the identity of a new log in `directory`: `key.pem` (mode 0600) first, `log.json` last, so that a log
 * whose `log.json` is there is complete.
 */
export async function createLogIdentity(directory: string, origin: string, createdAt: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await replaceFile(join(directory, "key.pem"), pem, 0o600);
  const { vkey } = identityOf(origin, createdAt, privateKey);
  await replaceFile(join(directory, "log.json"), formatLogFile({ origin, vkey, createdAt }));
}

/** What is public of a log, as `log.json` has it. */
export interface LogFile {
  readonly origin: string;
  readonly vkey: string;
  readonly createdAt: string;
  /**
   * Of a log that nodes share: how long after they were sealed its commits are kept (milliseconds). All nodes must go by the
   * same, so it is chosen once, when the log is made.
   */
  readonly trimDelayMs?: number;
}

/** @throws MalformedError `log_file_malformed`, naming `place` */
export function parseLogFile(text: string, place: string): LogFile {
  let fields: Record<string, unknown> = {};
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  const { origin, vkey, created_at, trim_after_ms } = fields;
  if (
    trim_after_ms !== undefined &&
    !(Number.isSafeInteger(trim_after_ms) && (trim_after_ms as number) > 0)
  ) {
    throw new MalformedError("log_file_malformed", `${place} has a trim_after_ms that is no time`);
  }
  if (typeof origin !== "string" || typeof vkey !== "string" || typeof created_at !== "string") {
    throw new MalformedError("log_file_malformed", `${place} lacks origin, vkey or created_at`);
  }
  return {
    origin,
    vkey,
    createdAt: created_at,
    ...(trim_after_ms !== undefined && { trimDelayMs: trim_after_ms as number }),
  };
}

export function formatLogFile({ origin, vkey, createdAt, trimDelayMs }: LogFile): string {
  const trim = trimDelayMs === undefined ? {} : { trim_after_ms: trimDelayMs };
  return `${JSON.stringify({ origin, vkey, created_at: createdAt, ...trim }, null, 2)}\n`;
}

/** @throws MalformedError `log_file_malformed` */
export async function readLogFile(directory: string): Promise<LogFile> {
  const path = join(directory, "log.json");
  return parseLogFile(await readFile(path, "utf8"), path);
}

/** @throws MalformedError `log_file_malformed`, `key_exposed`, `key_mismatch` */
export async function readLogIdentity(directory: string): Promise<LogIdentity> {
  const path = join(directory, "key.pem");
  const { origin, vkey, createdAt } = await readLogFile(directory);
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw new MalformedError(
      "key_exposed",
      `${path} can be read by others: chmod 600 it, then think of a new key`,
    );
  }
  const identity = identityOf(origin, createdAt, createPrivateKey(await readFile(path)));
  if (identity.vkey !== vkey) {
    throw new MalformedError("key_mismatch", `${path} is not the key that log.json names (${vkey})`);
  }
  return identity;
}

/** The identity that a private Ed25519 key gives a log. */
export function identityOf(origin: string, createdAt: string, privateKey: KeyObject): LogIdentity {
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const key = makeVerifierKey(origin, SIGNATURE_TYPE_ED25519, Buffer.from(jwk.x!, "base64url"));
  return {
    origin,
    vkey: formatVerifierKey(key),
    createdAt,
    signer: { key, sign: (text) => sign(null, text, privateKey) },
  };
}
