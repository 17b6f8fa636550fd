import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { MalformedError, VerificationError } from "@stele/proof";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";

/** What the verifier saw last of a log. */
export interface Remembered {
  readonly vkey: string;
  /** The signed note. */
  readonly checkpoint: string;
}

/** `$XDG_STATE_HOME/stele/verified`, or `~/.local/state/stele/verified`. */
export function defaultStateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "stele", "verified");
}

/** @throws MalformedError `verifier_state_malformed` */
export async function recall(directory: string, origin: string): Promise<Remembered | undefined> {
  const path = fileFor(directory, origin);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { vkey, checkpoint } = JSON.parse(text) as Record<string, unknown>;
    if (typeof vkey === "string" && typeof checkpoint === "string") return { vkey, checkpoint };
  } catch (cause) {
    throw malformed(path, cause);
  }
  throw malformed(path);
}

function malformed(path: string, cause?: unknown): MalformedError {
  return new MalformedError(
    "verifier_state_malformed",
    `${path} can't be read: it holds what was last verified. Restore it, or remove it to begin anew`,
    { cause },
  );
}

export async function remember(directory: string, origin: string, seen: Remembered): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(fileFor(directory, origin), `${JSON.stringify({ origin, ...seen }, null, 2)}\n`, 0o600);
}

/**
 * The key to verify with: the one given, else the one that verified this log before, else (for the first time) the
 * one that the log itself shows.
 *
 * @throws VerificationError `key_changed`
 */
export function chooseKey(
  shown: string,
  given: string | undefined,
  remembered: Remembered | undefined,
): { vkey: string; keyFrom: "given" | "remembered" | "log" } {
  const vkey = given ?? remembered?.vkey;
  if (vkey !== undefined && shown !== vkey) {
    throw new VerificationError(
      "key_changed",
      `The log shows the key ${shown}, not ${vkey}, which was ${given ? "given" : "its key when it was last verified"}`,
      { shown, expected: vkey },
    );
  }
  return { vkey: shown, keyFrom: given ? "given" : remembered ? "remembered" : "log" };
}

function fileFor(directory: string, origin: string): string {
  return join(directory, `${createHash("sha256").update(origin).digest("hex")}.json`);
}
