import {
  decodeUtf8,
  MalformedError,
  parseMisbehaviour,
  parseVerifierKey,
  SteleError,
  verifyMisbehaviour,
  type VerifiedMisbehaviour,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { trustedKeys } from "./trusted-policy.ts";
import { chooseKeys, recall } from "./remembered.ts";
import type { VerificationReport } from "./report.ts";
import type { ProofFileOptions } from "./verify-proof-file.ts";

/** A log that is convicted, and of what. */
export interface Conviction extends Pick<VerificationReport, "place" | "origin" | "vkey" | "keyFrom"> {
  readonly misbehaviour: VerifiedMisbehaviour;
}

const FIRST_LINE = Buffer.from("stele.misbehaviour/");

/** Whether a file claims to be a proof of misbehaviour. */
export function looksLikeMisbehaviour(bytes: Uint8Array): boolean {
  return FIRST_LINE.equals(bytes.subarray(0, FIRST_LINE.length));
}

/**
 * Verifies a proof that a log misbehaved (docs/spec/misbehaviour.md): off line. The key must be given, or be known from an
 * earlier verification of the log.
 *
 * @param bytes untrusted
 * @throws MalformedError `key_needed`; `misbehaviour_not_proven` for whatever proves nothing, with the reason as its cause
 */
export async function verifyMisbehaviourFile(
  place: string,
  bytes: Uint8Array,
  options: ProofFileOptions,
): Promise<Conviction> {
  const origin = orProvesNothing(place, () => originOf(bytes));
  const remembered = await recall(options.stateDirectory, origin);
  const given = trustedKeys(options, origin);
  const known = given[0] ?? remembered?.vkey;
  if (known === undefined) {
    throw new MalformedError(
      "key_needed",
      `Nothing is known of the key of ${origin}: get its vkey from its operator by a way you trust, and give it with --key`,
    );
  }
  const statements =
    options.statements ?? (remembered?.statements ?? []).map((statement) => Buffer.from(statement));
  const { keys, vkey, keyFrom } = chooseKeys(
    // The origin that the file names is compared with the key below: where they differ, nothing is proven.
    { origin: parseVerifierKey(known).name, vkey: known, statements },
    given,
    remembered,
  );
  const misbehaviour = orProvesNothing(place, () => verifyMisbehaviour(bytes, keys, {}, nativeHasher));
  return { place, origin, vkey, keyFrom, misbehaviour };
}

function originOf(bytes: Uint8Array): string {
  const { older } = parseMisbehaviour(bytes);
  return decodeUtf8(older).split("\n", 1)[0]!;
}

/** That a file proves nothing is said of the file, never of the log. */
function orProvesNothing<T>(place: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!(cause instanceof SteleError)) throw cause;
    // Whoever has an old key must not throw the proof away.
    const hint =
      cause.code === "note_not_signed"
        ? ". If the key of the log was changed, give the one that it had then, or its statements with --keys"
        : "";
    throw new MalformedError("misbehaviour_not_proven", `${place} proves nothing: ${cause.message}${hint}`, {
      cause,
    });
  }
}
