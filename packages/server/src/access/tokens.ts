import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { MalformedError } from "@stele/proof";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { ROLES } from "./role.ts";

export const TOKEN_NAME_FORM = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const TokenRecord = Type.Object({
  name: Type.String({ pattern: TOKEN_NAME_FORM.source }),
  role: Type.Enum([...ROLES]),
  /** SHA-256 of the token's text, in hexadecimal. */
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  /** RFC 3339, UTC. */
  created_at: Type.String(),
  /** RFC 3339, UTC: refused from then on. Without: never. */
  expires_at: Type.Optional(
    Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$" }),
  ),
});

const TokenFile = Type.Object({ tokens: Type.Array(TokenRecord) });

/** What is kept of an access token: enough to recognise it, nothing to make it from. */
export type TokenRecord = Static<typeof TokenRecord>;

const TOKEN_FORM = /^stele_[A-Za-z0-9_-]{43}$/;
const FILE_LENGTH_BYTES_MAX = 16 << 20;

/** The text of a token: `stele_` and 32 random bytes in base64url. */
export function formatToken(secret: Uint8Array): string {
  return `stele_${Buffer.from(secret).toString("base64url")}`;
}

/** The hash under which a token is kept, in hexadecimal. The secret has 256 bits, so a fast hash is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * The tokens in the file, in the order of their making; none if there is no such file.
 *
 * @throws MalformedError `token_file_malformed`
 */
export function readTokenFile(path: string): TokenRecord[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.size > FILE_LENGTH_BYTES_MAX) throw malformed(path, `it has ${stat.size} bytes`);
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw malformed(path, error instanceof SyntaxError ? "it is not JSON" : "it can't be read", error);
  }
  if (!Value.Check(TokenFile, file)) throw malformed(path, "it does not hold whole tokens");
  const undated = file.tokens.find(
    ({ expires_at }) => expires_at !== undefined && Number.isNaN(Date.parse(expires_at)),
  );
  if (undated) throw malformed(path, `${undated.name} expires at no time that there is`);
  return file.tokens;
}

/** The text of the token file. */
export function formatTokens(tokens: readonly TokenRecord[]): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`;
}

function malformed(path: string, reason: string, cause?: unknown): MalformedError {
  return new MalformedError(
    "token_file_malformed",
    `The access tokens in ${path} can't be used: ${reason}. Put the file back from a copy, or delete it and make new tokens`,
    { cause },
  );
}

/** How long a change of the file may go unnoticed. */
const STAT_INTERVAL_MS = 1_000;

/** The tokens of a running node: follows the file, so that a token works, or stops working, without a restart. */
export class TokenStore {
  readonly #path: string;
  readonly #nowMs: () => number;
  #checkedAtMs = -Infinity;
  #version = "";
  #tokens: readonly { readonly record: TokenRecord; readonly hash: Uint8Array }[] = [];
  #everHadTokens = false;

  /**
   * @param path of `tokens.json`, which need not exist
   * @param nowMs any clock, in milliseconds
   */
  constructor(path: string, nowMs: () => number) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /**
   * Whether there is a token, or was one since the start: revoking the last token does not open a running node.
   *
   * @throws MalformedError `token_file_malformed`
   */
  get required(): boolean {
    this.#follow();
    return this.#everHadTokens;
  }

  /**
   * The record of a token as it came in a request. Takes the same time whichever token it is, or none.
   *
   * @throws MalformedError `token_file_malformed`
   */
  find(token: string): TokenRecord | undefined {
    this.#follow();
    if (!TOKEN_FORM.test(token)) return undefined;
    const hash = Buffer.from(hashToken(token), "hex");
    let found: TokenRecord | undefined;
    for (const known of this.#tokens) {
      if (timingSafeEqual(known.hash, hash)) found = known.record;
    }
    return found;
  }

  #follow(): void {
    const nowMs = this.#nowMs();
    // A clock that was set back must not keep a revoked token alive.
    if (Math.abs(nowMs - this.#checkedAtMs) < STAT_INTERVAL_MS) return;
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const version = stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : "none";
    if (version !== this.#version) {
      this.#tokens = readTokenFile(this.#path).map((record) => ({
        record,
        hash: Buffer.from(record.sha256, "hex"),
      }));
      this.#everHadTokens ||= this.#tokens.length > 0;
      this.#version = version;
    }
    this.#checkedAtMs = nowMs;
  }
}
