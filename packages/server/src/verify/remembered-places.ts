import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MalformedError, VerificationError } from "@stele/proof";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import type { ChosenKeys } from "./remembered.ts";

/** What a place shows, and whether somebody said that it is meant. */
export interface PlacedLog {
  readonly keys: Pick<ChosenKeys["keys"], "origin">;
  readonly keyFrom: ChosenKeys["keyFrom"];
}

/**
 * Demands that a place shows the log that it showed when it was last verified, unless a key says which log is meant. What is
 * remembered of a log is found by the name that it gives itself: under a new name, with a new key, anything could be put in its
 * place and be trusted as what is seen for the first time.
 *
 * @param place where the log is: a directory (its real path), a store, a URL
 * @throws VerificationError `log_replaced`; MalformedError `verifier_state_malformed`
 */
export async function checkPlace(
  directory: string,
  place: string,
  { keys: { origin }, keyFrom }: PlacedLog,
): Promise<void> {
  if (keyFrom === "given") return;
  const before = await read(fileFor(directory, place));
  if (before === undefined || before === origin) return;
  throw new VerificationError(
    "log_replaced",
    `${place} shows the log ${origin}; when it was last verified, it was ${before}. If that is meant to be, give the key of the log with --key`,
    { place, shown: origin, expected: before },
  );
}

/** Durable when it resolves. */
export async function rememberPlace(directory: string, place: string, { keys }: PlacedLog): Promise<void> {
  const path = fileFor(directory, place);
  const { origin } = keys;
  if ((await read(path)) === origin) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(path, `${JSON.stringify({ place, origin }, null, 2)}\n`, 0o600);
}

async function read(path: string): Promise<string | undefined> {
  try {
    const { origin } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    if (typeof origin === "string") return origin;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new MalformedError(
    "verifier_state_malformed",
    `${path} can't be read: it holds which log was last verified at a place. Restore it, or remove it to begin anew`,
  );
}

function fileFor(directory: string, place: string): string {
  return join(directory, `place-${createHash("sha256").update(place).digest("hex")}.json`);
}
