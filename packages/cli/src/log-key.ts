import type { SteleClient } from "@stele/client";
import { noteVerifier, parseVerifierKey, type NoteVerifier } from "@stele/proof";
import type { Session } from "./session.ts";

/** The key to verify with: the one given, or (with a remark) what the node says its key is. */
export async function logVerifier(
  session: Session,
  client: SteleClient,
  given: string | undefined,
): Promise<NoteVerifier> {
  if (given !== undefined) return noteVerifier(parseVerifierKey(given));
  const { vkey } = await client.info({ signal: session.signal });
  await session.remark(`The key is the node's own word: ${vkey}. With --key you need not believe it.`);
  return noteVerifier(parseVerifierKey(vkey));
}

/** A leaf index if it is all digits, an id otherwise. */
export function entryKey(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
