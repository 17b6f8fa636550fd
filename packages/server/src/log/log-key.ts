import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  followSuccession,
  formatVerifierKey,
  InvariantError,
  MalformedError,
  UnavailableError,
  type LogKeys,
} from "@stele/proof";
import { replaceFile } from "../store/durable-file.ts";
import { directoryStatements, readStatements } from "./key-statements.ts";
import { logVerifier } from "./native-ed25519.ts";
import { LogIdentity } from "./log-identity.ts";
import { FileKeys } from "./signer/file-keys.ts";
import type { KeySource } from "./signer/key-source.ts";
import { isSameKey, privateKeySigner } from "./signer/private-key-signer.ts";

/**
 * Makes the identity of a new log in `directory`: its key first, `log.json` last, so that a log whose `log.json` is there is
 * complete.
 */
export async function createLogIdentity(
  directory: string,
  origin: string,
  createdAt: string,
  source: KeySource = new FileKeys(directory),
): Promise<void> {
  const vkey = await firstVkey(origin, [source]);
  await replaceFile(join(directory, "log.json"), formatLogFile({ origin, vkey, createdAt }));
}

/** The first key of a new log. @throws what sources throw */
export async function firstVkey(origin: string, sources: readonly KeySource[]): Promise<string> {
  for (const source of sources) {
    try {
      const signer = await source.next(origin, []);
      if (signer) return formatVerifierKey(signer.key);
    } catch (error) {
      // Whoever makes a log is told why; a producer would not be.
      if (!(error instanceof UnavailableError) || !(error.cause instanceof Error)) throw error;
      throw new UnavailableError(error.code, error.cause.message, { cause: error });
    }
  }
  throw new InvariantError("key_source_empty", `Nothing gives a key to the log ${origin}`);
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

/** The keys of a log in a directory, from what is public there. @throws as {@link readLogIdentity} */
export async function readLogKeys(directory: string): Promise<LogKeys> {
  const { vkey } = await readLogFile(directory);
  return followSuccession(vkey, await readStatements(directoryStatements(directory)), logVerifier);
}

/**
 * The identity of a log in a directory, for a node that is to sign.
 *
 * @param sources where its keys are, if not in files beside it
 * @throws as {@link openLogIdentity}; MalformedError `key_exposed`, `key_mismatch`
 */
export async function readLogIdentity(
  directory: string,
  sources: readonly KeySource[] = [],
): Promise<LogIdentity> {
  const identity = await openLogIdentity(directory, sources);
  await identity.assertSigns();
  return identity;
}

/**
 * The same, whether or not its private keys are there.
 *
 * @throws MalformedError `log_file_malformed`; what `followSuccession` throws of its statements
 */
export async function openLogIdentity(
  directory: string,
  sources: readonly KeySource[] = [],
): Promise<LogIdentity> {
  const { origin, vkey, createdAt } = await readLogFile(directory);
  const files = [new FileKeys(directory)];
  const identity = new LogIdentity({
    origin,
    createdAt,
    firstVkey: vkey,
    statements: directoryStatements(directory),
    sources: sources.length > 0 ? sources : files,
    olderSources: sources.length > 0 ? files : [],
  });
  await identity.refresh();
  return identity;
}

/** The identity that one private key gives a log, whose keys nobody ever changes. */
export function identityOf(origin: string, createdAt: string, privateKey: KeyObject): LogIdentity {
  const signer = privateKeySigner(origin, privateKey);
  const source: KeySource = {
    place: "the private key",
    find: async (key) => Promise.resolve(isSameKey(key, signer.key) ? signer : undefined),
    next: async () => Promise.resolve(undefined),
  };
  return new LogIdentity({
    origin,
    createdAt,
    firstVkey: formatVerifierKey(signer.key),
    statements: {
      read: async () => Promise.resolve(undefined),
      create: async () => Promise.resolve("exists"),
    },
    sources: [source],
  });
}
