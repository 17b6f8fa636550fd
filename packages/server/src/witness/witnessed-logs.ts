import { createHash } from "node:crypto";
import {
  cosignatureVerifier,
  MalformedError,
  noteVerifier,
  parseVerifierKey,
  SIGNATURE_TYPE_COSIGNATURE,
  SteleError,
  type NoteVerifier,
} from "@stele/proof";
import { nativeEd25519 } from "../log/native-ed25519.ts";

/** A log that a witness cosigns for. */
export interface WitnessedLog {
  readonly origin: string;
  /** Of each of its keys. A signature by one of them suffices; a wrong one by any of them is refused. */
  readonly verifiers: readonly NoteVerifier[];
}

/** Which logs a witness cosigns for. The name of a log's key is its origin (c2sp.org/tlog-policy); a log may have several keys. */
export class WitnessedLogs {
  readonly #byOrigin = new Map<string, WitnessedLog & { readonly verifiers: NoteVerifier[] }>();
  readonly #byHash = new Map<string, WitnessedLog>();

  /** @param vkeys trusted; the same one twice counts once. @throws MalformedError `key_malformed`, `key_id_mismatch`, `base64_malformed` */
  constructor(vkeys: Iterable<string>) {
    for (const vkey of new Set(vkeys)) {
      const key = parseVerifierKey(vkey);
      const verifier =
        key.type === SIGNATURE_TYPE_COSIGNATURE
          ? cosignatureVerifier(key, nativeEd25519())
          : noteVerifier(key, nativeEd25519());
      let log = this.#byOrigin.get(key.name);
      if (!log) {
        log = { origin: key.name, verifiers: [] };
        this.#byOrigin.set(key.name, log);
        this.#byHash.set(originHash(key.name), log);
      }
      log.verifiers.push(verifier);
    }
  }

  get count(): number {
    return this.#byOrigin.size;
  }

  get(origin: string): WitnessedLog | undefined {
    return this.#byOrigin.get(origin);
  }

  /** By the hash that the monitoring endpoint has in its path. */
  byHash(hash: string): WitnessedLog | undefined {
    return this.#byHash.get(hash);
  }
}

/** The lowercase hex SHA-256 of an origin. */
export function originHash(origin: string): string {
  return createHash("sha256").update(origin).digest("hex");
}

const LIST_LENGTH_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads a list of logs: the `log <vkey> [<url>]` lines of a policy (c2sp.org/tlog-policy), whose other lines are
 * passed over, or a vkey a line. Empty lines and lines that begin with `#` are remarks.
 *
 * @param place named in errors
 * @throws MalformedError `log_list_malformed`, with the line
 */
export function parseLogList(text: string, place: string): string[] {
  if (text.length > LIST_LENGTH_BYTES_MAX) {
    throw new MalformedError("log_list_malformed", `${place} is longer than ${LIST_LENGTH_BYTES_MAX} bytes`);
  }
  const vkeys: string[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    const [first = "", second] = words;
    if (first === "" || first.startsWith("#") || /^(witness|group|quorum)$/.test(first)) continue;
    const vkey = first === "log" ? second : first;
    const isRightLength = first === "log" ? words.length === 2 || words.length === 3 : words.length === 1;
    try {
      if (vkey === undefined || !isRightLength) throw new MalformedError("log_list_malformed", "no key");
      parseVerifierKey(vkey);
      vkeys.push(vkey);
    } catch (cause) {
      if (!(cause instanceof SteleError)) throw cause;
      throw new MalformedError(
        "log_list_malformed",
        `${place}, line ${at + 1}: expected “log <vkey>” or a vkey, not ${JSON.stringify(line.slice(0, 120))}`,
        { cause },
      );
    }
  }
  return vkeys;
}
