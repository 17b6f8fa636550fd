import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, MalformedError, UnavailableError } from "@stele/proof";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import type { Role } from "./role.ts";
import {
  formatToken,
  formatTokens,
  hashToken,
  readTokenFile,
  TOKEN_NAME_FORM,
  type TokenRecord,
} from "./tokens.ts";

const SECRET_LENGTH_BYTES = 32;

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  /** Never unless told. */
  readonly expiresAt?: Date | undefined;
  /** A cryptographic source of random bytes. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
}

/**
 * Makes a token and keeps its hash in the file, durably. The text of the token is in the answer and nowhere
 * else: show it once.
 *
 * @param path of `tokens.json`, made with mode 0600 if it is not there
 * @throws MalformedError `token_name_malformed`, `token_file_malformed`; ConflictError `token_name_taken`;
 *   UnavailableError `token_file_busy`
 */
export async function createToken(
  path: string,
  { name, role, createdAt, expiresAt, randomBytes }: NewToken,
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  if (!TOKEN_NAME_FORM.test(name)) {
    throw new MalformedError(
      "token_name_malformed",
      `${JSON.stringify(name.slice(0, 80))} can't name a token: use 1 to 63 of a-z 0-9 . _ -, a letter or digit first`,
    );
  }
  const token = formatToken(randomBytes(SECRET_LENGTH_BYTES));
  const record = {
    name,
    role,
    sha256: hashToken(token),
    created_at: createdAt.toISOString(),
    ...(expiresAt && { expires_at: expiresAt.toISOString() }),
  };
  await changeTokens(path, (tokens) => {
    if (tokens.some((other) => other.name === name)) {
      throw new ConflictError(
        "token_name_taken",
        `There is a token called ${name}: revoke it, or choose another name`,
      );
    }
    return [...tokens, record];
  });
  return { token, record };
}

/**
 * Takes the token out of the file, durably. A running node refuses it within a second.
 *
 * @throws MalformedError `token_name_unknown`, `token_file_malformed`; UnavailableError `token_file_busy`
 */
export async function revokeToken(path: string, name: string): Promise<TokenRecord> {
  let revoked: TokenRecord | undefined;
  await changeTokens(path, (tokens) => {
    revoked = tokens.find((token) => token.name === name);
    return tokens.filter((token) => token !== revoked);
  });
  if (!revoked) {
    throw new MalformedError(
      "token_name_unknown",
      `There is no token called ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  return revoked;
}

/** Under a lock, so that two processes can't undo each other's change (a revocation, for one). */
async function changeTokens(
  path: string,
  change: (tokens: readonly TokenRecord[]) => readonly TokenRecord[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const lock = `${path}.lock`;
  await createExclusively(lock);
  try {
    await replaceFile(path, formatTokens(change(readTokenFile(path))), 0o600);
  } finally {
    await rm(lock, { force: true });
  }
}

const LOCK_ATTEMPTS = 20;
const LOCK_PAUSE_MS = 100;

async function createExclusively(path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(path, "", { flag: "wx" });
      return;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      if (attempt === LOCK_ATTEMPTS) {
        throw new UnavailableError(
          "token_file_busy",
          `Another process is changing the access tokens. If there is none, delete ${path} and try again`,
          { cause: error },
        );
      }
      await sleep(LOCK_PAUSE_MS);
    }
  }
}
