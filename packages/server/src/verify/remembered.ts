import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  extendsStatements,
  followSuccession,
  MalformedError,
  newestKey,
  parseCheckpoint,
  parseNote,
  VerificationError,
  type LogKeys,
} from "@stele/proof";
import { logVerifier } from "../log/native-ed25519.ts";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";

/** What the verifier saw last of a log. */
export interface Remembered {
  /** The newest key. */
  readonly vkey: string;
  /** The signed note. */
  readonly checkpoint: string;
  /** The signed statements that its keys followed from, if its key ever changed. */
  readonly statements?: readonly string[];
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
    const { vkey, checkpoint, statements = [] } = JSON.parse(text) as Record<string, unknown>;
    const isStated = Array.isArray(statements) && statements.every((each) => typeof each === "string");
    if (typeof vkey === "string" && typeof checkpoint === "string" && isStated) {
      return { vkey, checkpoint, ...(statements.length > 0 && { statements }) };
    }
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

/**
 * Keeps what was verified. Never a smaller checkpoint than is kept already: what was verified extends that, and who could have the
 * verifier remember less could cut the log down to it later.
 */
export async function remember(directory: string, origin: string, seen: Remembered): Promise<void> {
  const before = await recall(directory, origin);
  const isSmaller = before && sizeOf(seen.checkpoint) < sizeOf(before.checkpoint);
  await keep(directory, origin, isSmaller ? { ...seen, checkpoint: before.checkpoint } : seen);
}

function sizeOf(checkpoint: string): number {
  return parseCheckpoint(parseNote(Buffer.from(checkpoint)).text).treeSize;
}

async function keep(directory: string, origin: string, seen: Remembered): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(fileFor(directory, origin), `${JSON.stringify({ origin, ...seen }, null, 2)}\n`, 0o600);
}

/** What a log shows of its keys. Untrusted. */
export interface ShownKeys {
  /** The log's name: what is remembered is found by it. */
  readonly origin: string;
  /** One of them. */
  readonly vkey: string;
  /** All statements about them, in order. */
  readonly statements: readonly Uint8Array[];
}

/** The keys to verify with. */
export interface ChosenKeys {
  readonly keys: LogKeys;
  /** The newest of them. */
  readonly vkey: string;
  readonly keyFrom: "given" | "remembered" | "log";
}

/**
 * The keys to verify with: those that follow from the ones given, else from the one that verified this log before, else (for the first
 * time) from the one that the log itself shows. They follow by the log's signed statements, and no other way.
 *
 * @throws VerificationError `key_changed`; `checkpoint_origin_wrong` if the log gives itself a name that its keys don't have, under which nothing
 *   would be remembered of it; what `followSuccession` throws of the statements
 */
export function chooseKeys(
  shown: ShownKeys,
  given: readonly string[],
  remembered: Remembered | undefined,
): ChosenKeys {
  const trusted = given.length > 0 ? given : [remembered?.vkey ?? shown.vkey];
  const seen = (remembered?.statements ?? []).map((text) => Buffer.from(text));
  if (!extendsStatements(seen, shown.statements)) {
    throw new VerificationError(
      "key_changed",
      `The log shows other statements about its keys than when it was last verified: of those ${seen.length}, some are missing or different`,
      {
        shown: shown.statements.map((each) => Buffer.from(each).toString()),
        remembered: remembered?.statements,
      },
    );
  }
  try {
    const keys = followSuccession([...trusted, shown.vkey], shown.statements, logVerifier);
    if (keys.origin !== shown.origin) {
      throw new VerificationError(
        "checkpoint_origin_wrong",
        `The log says that it is ${shown.origin}, but its key is of ${keys.origin}`,
        { shown: shown.origin, expected: keys.origin },
      );
    }
    const keyFrom = given.length > 0 ? "given" : remembered ? "remembered" : "log";
    return { keys, vkey: newestKey(keys).vkey, keyFrom };
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== "key_not_in_succession") throw cause;
    throw new VerificationError(
      "key_changed",
      `The log shows the key ${shown.vkey}, not ${trusted.join(" and ")}, which was ${given.length > 0 ? "given" : "its key when it was last verified"}; and no signed statement leads from one to the other`,
      { shown: shown.vkey, expected: trusted.join(" "), ...cause.evidence },
      { cause },
    );
  }
}

/** What is to be kept of a log that was verified. */
export function seenWith({ keys, vkey }: ChosenKeys, checkpoint: string): Remembered {
  const statements = keys.statements.map((statement) => Buffer.from(statement).toString());
  return { vkey, checkpoint, ...(statements.length > 0 && { statements }) };
}

function fileFor(directory: string, origin: string): string {
  return join(directory, `${createHash("sha256").update(origin).digest("hex")}.json`);
}
