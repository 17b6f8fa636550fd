import { readFile } from "node:fs/promises";
import { RefusedError, type SteleClient } from "@stele/client";
import { encodeUtf8, followSuccession, type LogKeys } from "@stele/proof";
import { UsageError } from "./cli-error.ts";
import type { Session } from "./session.ts";

/** The keys to verify with: those that follow from the one given, or (with a remark) from what the node says its key is. */
export async function logKeysOf(
  session: Session,
  client: SteleClient,
  given: string | undefined,
): Promise<LogKeys> {
  const statements = await keyStatements(session, client);
  if (given !== undefined) return followSuccession(given, statements);
  const { vkey } = await client.info({ signal: session.signal });
  await session.remark(`The key is the node's own word: ${vkey}. With --key you need not believe it.`);
  return followSuccession(vkey, statements);
}

/** What the log shows of its keys, unverified: nothing, if it is not a node of ours that serves it. */
export async function keyStatements(session: Session, client: SteleClient): Promise<readonly Uint8Array[]> {
  try {
    return (await client.keys({ signal: session.signal })).statements;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return [];
    throw error;
  }
}

/**
 * The statements in a file that `stele key list --json` wrote, or the node's answer with them.
 *
 * @throws UsageError
 */
export async function readKeyList(path: string): Promise<readonly Uint8Array[]> {
  let statements: unknown;
  try {
    ({ statements } = JSON.parse(await readFile(path, "utf8")) as { statements?: unknown });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (Array.isArray(statements) && statements.every((each) => typeof each === "string")) {
    return statements.map(encodeUtf8);
  }
  throw new UsageError(`${path} is not a list of keys, as “stele key list --json” writes it`);
}

/** A leaf index if it is all digits, an id otherwise. */
export function entryKey(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
