import { MalformedError, VerificationError } from "./errors.ts";
import { equalBytes } from "./hasher.ts";
import { formatDecimal, parseDecimal } from "./integer.ts";
import { noteVerifier, parseNote, signNote, verifyNote, type NoteSigner, type NoteVerifier } from "./note.ts";
import { formatVerifierKey, parseVerifierKey, SIGNATURE_TYPE_ED25519 } from "./verifier-key.ts";

/** A log's next key: from this size on both sign. docs/spec/keys.md. */
export interface Succession {
  readonly kind: "succession";
  readonly origin: string;
  /** The newest key until then (a vkey), which signs this, and the one that follows it, which signs it, too. */
  readonly before: string;
  readonly after: string;
  /** The new key may sign what is larger; of an empty log, the empty tree as well. */
  readonly treeSize: number;
}

/** A key signs no more. The newest key of the log signs this. */
export interface Retirement {
  readonly kind: "retirement";
  readonly origin: string;
  /** The key that is retired (a vkey); never the newest. */
  readonly vkey: string;
  /** The largest size that it may have signed. */
  readonly treeSize: number;
}

export type KeyStatement = Succession | Retirement;

/** One key of a log, and which sizes it may sign. */
export interface LogKey {
  readonly vkey: string;
  readonly verifier: NoteVerifier;
  /** The smallest and the largest tree size whose checkpoints count if this key signed them; none if the first is larger. */
  readonly fromSize: number;
  /** 2^53-1 unless it was retired. */
  readonly toSize: number;
}

/** The keys of one log, oldest first: at least one. The last one is the newest. Comes from {@link followSuccession}. */
export interface LogKeys {
  readonly origin: string;
  readonly keys: readonly LogKey[];
  /** The signed statements that the keys follow from, in order: for others to follow them, too. */
  readonly statements: readonly Uint8Array[];
}

const SUCCESSION = "stele.succession/v1";
const RETIREMENT = "stele.retirement/v1";
/** Of a signed statement. */
export const KEY_STATEMENT_LENGTH_BYTES_MAX = 16_384;
/** Of one log. */
export const KEY_STATEMENTS_MAX = 1_000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** The note text of a statement. @throws MalformedError `succession_malformed`, `integer_out_of_range`, and what parsing a vkey throws */
export function formatKeyStatement(statement: KeyStatement): string {
  const { origin, treeSize } = statement;
  const [first, vkeys] =
    statement.kind === "succession"
      ? [SUCCESSION, [statement.before, statement.after]]
      : [RETIREMENT, [statement.vkey]];
  for (const vkey of vkeys) checkKey(vkey, origin);
  return `${[first, origin, ...vkeys, formatDecimal("treeSize", treeSize)].join("\n")}\n`;
}

/**
 * Parses the note text of a statement. That it counts is not shown by that: see {@link followSuccession}.
 *
 * @throws MalformedError `succession_malformed`, `decimal_malformed`, `key_malformed`, `key_id_mismatch`, `base64_malformed`
 */
export function parseKeyStatement(text: string): KeyStatement {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw malformed("it does not end with a newline");
  const [first, origin = "", ...rest] = lines;
  const size = rest.pop() ?? "";
  const [a = "", b = ""] = rest;
  if (!(first === SUCCESSION && rest.length === 2) && !(first === RETIREMENT && rest.length === 1)) {
    throw malformed("it has other lines than a succession or a retirement");
  }
  const treeSize = parseDecimal("The tree size", size);
  const statement: KeyStatement =
    first === SUCCESSION
      ? { kind: "succession", origin, before: a, after: b, treeSize }
      : { kind: "retirement", origin, vkey: a, treeSize };
  if (formatKeyStatement(statement) !== text) throw malformed("it is not in canonical form");
  return statement;
}

/**
 * Signs a statement. `signers`: of a succession the key before and the new one, in this order; of a retirement the newest.
 *
 * @throws MalformedError what {@link formatKeyStatement} throws, and what signers throw
 */
export async function signKeyStatement(
  statement: KeyStatement,
  signers: readonly NoteSigner[],
): Promise<Uint8Array> {
  return await signNote(formatKeyStatement(statement), signers);
}

/**
 * The keys of a log, from any of them and the log's statements. Each statement must be signed by exactly those that it takes,
 * continue the ones before, and be of this log; sizes never decrease; no key comes twice, and none back.
 *
 * @param trusted a vkey, or several: each must be one of the log's keys
 * @param statements untrusted; the log's own, all of them, in order
 * @param makeVerifier from a vkey: {@link noteVerifier} unless told
 * @throws MalformedError `succession_malformed`, what `parseNote` and parsing a vkey throw
 * @throws VerificationError `succession_broken`, `note_signature_wrong`, `note_not_signed`; `key_not_in_succession` if a trusted
 *   key is none of them
 */
export function followSuccession(
  trusted: string | readonly string[],
  statements: readonly Uint8Array[] = [],
  makeVerifier: (vkey: string) => NoteVerifier = noteVerifier,
): LogKeys {
  const vkeys = typeof trusted === "string" ? [trusted] : trusted;
  if (vkeys.length === 0) throw malformed("no key is trusted");
  if (statements.length > KEY_STATEMENTS_MAX) throw malformed(`there are more than ${KEY_STATEMENTS_MAX}`);
  const origin = parseVerifierKey(vkeys[0]!).name;
  const chain = new Chain(origin, makeVerifier);
  if (statements.length === 0) chain.begin(vkeys[0]!);
  for (const [i, bytes] of statements.entries()) chain.add(bytes, i + 1);
  for (const vkey of vkeys) {
    if (chain.keys.some((key) => key.vkey === vkey)) continue;
    throw new VerificationError(
      "key_not_in_succession",
      `The log ${origin} has no key ${vkey}: neither the one that it shows nor any that succeeded it by a signed statement`,
      { expected: vkey, keys: chain.keys.map((key) => key.vkey) },
    );
  }
  return { origin, keys: chain.keys, statements };
}

/** The key that a log signs with now. */
export function newestKey({ keys }: LogKeys): LogKey {
  return keys.at(-1)!;
}

/** Whether a checkpoint of this size counts if this key signed it. */
export function maySign({ fromSize, toSize }: LogKey, treeSize: number): boolean {
  return treeSize >= fromSize && treeSize <= toSize;
}

class Chain {
  readonly keys: LogKey[] = [];
  readonly #origin: string;
  readonly #makeVerifier: (vkey: string) => NoteVerifier;
  /** Of the last statement. */
  #treeSize = 0;

  constructor(origin: string, makeVerifier: (vkey: string) => NoteVerifier) {
    this.#origin = origin;
    this.#makeVerifier = makeVerifier;
  }

  begin(vkey: string): void {
    this.#push(vkey, 0);
  }

  /** @param n which statement it is, from 1 on: for errors */
  add(bytes: Uint8Array, n: number): void {
    if (bytes.length > KEY_STATEMENT_LENGTH_BYTES_MAX) throw malformed(`statement ${n} is too long`);
    const { text } = parseNote(bytes);
    const statement = parseKeyStatement(text);
    const wrong = this.#contradiction(statement);
    if (wrong !== undefined) throw broken(n, wrong, statement);
    const { kind, treeSize } = statement;
    if (kind === "succession") {
      if (this.keys.length === 0) this.begin(statement.before);
      const before = this.keys.at(-1)!;
      // The empty tree has one root, which everybody knows: nothing old is signed again with it.
      this.#push(statement.after, treeSize === 0 ? 0 : treeSize + 1);
      this.#verify(bytes, n, statement, [before, this.keys.at(-1)!]);
    } else {
      this.#verify(bytes, n, statement, [this.keys.at(-1)!]);
      const at = this.keys.findIndex(({ vkey }) => vkey === statement.vkey);
      this.keys[at] = { ...this.keys[at]!, toSize: treeSize };
    }
    this.#treeSize = treeSize;
  }

  /** What of a statement does not fit behind those before, if anything. */
  #contradiction(statement: KeyStatement): string | undefined {
    const { origin, treeSize } = statement;
    const newest = this.keys.at(-1);
    if (origin !== this.#origin) return `it is of the log ${origin}, not of ${this.#origin}`;
    if (treeSize < this.#treeSize) return `its size ${treeSize} is below ${this.#treeSize} of the one before`;
    if (statement.kind === "succession") {
      const { before, after } = statement;
      if (newest && before !== newest.vkey)
        return `it follows ${before}, and the newest key is ${newest.vkey}`;
      if (after === before || this.keys.some(({ vkey }) => vkey === after))
        return `${after} was a key before`;
      return undefined;
    }
    const retired = this.keys.find(({ vkey }) => vkey === statement.vkey);
    if (!retired) return `${statement.vkey} is not a key of the log`;
    if (retired === newest) return "the newest key can't be retired";
    if (retired.toSize !== UNLIMITED) return `${statement.vkey} was retired before`;
    return undefined;
  }

  /** Exactly these keys must have signed it, in this order: so there is one form of each statement. */
  #verify(bytes: Uint8Array, n: number, statement: KeyStatement, signers: readonly LogKey[]): void {
    const { signatures, verified } = verifyNote(
      bytes,
      signers.map(({ verifier }) => verifier),
    );
    const isBySigners =
      signatures.length === signers.length &&
      signers.every(({ verifier }, i) => verified[i]?.verifier === verifier);
    if (!isBySigners) {
      const wanted = signers.map(({ vkey }) => vkey).join(" and ");
      throw broken(n, `it must be signed by ${wanted}, and by nobody else`, statement);
    }
  }

  #push(vkey: string, fromSize: number): void {
    this.keys.push({ vkey, verifier: this.#makeVerifier(vkey), fromSize, toSize: UNLIMITED });
  }
}

/** Whether `shown` begins with all of `known`: statements are only ever added. */
export function extendsStatements(known: readonly Uint8Array[], shown: readonly Uint8Array[]): boolean {
  return known.every((bytes, i) => shown[i] !== undefined && equalBytes(bytes, shown[i]));
}

/** @throws MalformedError unless it is an Ed25519 vkey of this name */
function checkKey(vkey: string, origin: string): void {
  const key = parseVerifierKey(vkey);
  if (key.name !== origin || key.type !== SIGNATURE_TYPE_ED25519 || formatVerifierKey(key) !== vkey) {
    throw malformed(`${vkey} is not an Ed25519 key of the log ${origin}`);
  }
}

function broken(n: number, why: string, statement: KeyStatement): VerificationError {
  return new VerificationError(
    "succession_broken",
    `Statement ${n} of the log's keys does not count: ${why}`,
    {
      statement: formatKeyStatement(statement),
    },
  );
}

function malformed(reason: string): MalformedError {
  return new MalformedError("succession_malformed", `Not statements of a log's keys: ${reason}`);
}
