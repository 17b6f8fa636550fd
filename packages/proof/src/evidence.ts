import { decodeBase64, encodeBase64 } from "./base64.ts";
import { MalformedError } from "./errors.ts";
import { isCompleteness, type Completeness } from "./evidence-completeness.ts";
import { checkHash, equalBytes, HASH_LENGTH_BYTES, type Hash } from "./hasher.ts";
import { parseNote } from "./note.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** An entry of a bundle: its 0-based leaf index, and its text, whose UTF-8 bytes are the entry exactly. */
export interface EvidenceEntry {
  readonly leafIndex: number;
  readonly entry: string;
}

/** What nothing proves: the word of whoever exported the bundle. */
export interface EvidenceDeclaration {
  /** Who: the name of an access token. Undefined where the node asked for none. */
  readonly by: string | undefined;
  /** When, by the node's clock: `2026-01-31T12:00:00.000Z`. */
  readonly at: string;
  /** What was looked for, as it was asked. */
  readonly query: string;
  /** The same as the node understood it: times in full. */
  readonly normalQuery: string;
  /** The entries that were searched are those below this index. */
  readonly searchedSize: number;
  /** Whether the bundle has all entries that the node's index found, and not only the first of them. */
  readonly allMatches: boolean;
}

/**
 * Entries of a log with all that it takes to check, off line and years later, that the log has them: one proof, one
 * signed checkpoint, and the keys as their exporter states them. docs/spec/evidence.md.
 */
export interface Evidence {
  /** The signed checkpoint with its cosignatures. */
  readonly checkpoint: string;
  /** The log's keys and witnesses, as c2sp.org/tlog-policy writes them. As stated in the file: no reason to trust them. */
  readonly policy: string;
  /** The statements, each a signed note, by which the keys of the log follow each other. */
  readonly succession: readonly string[];
  readonly declared: EvidenceDeclaration;
  /** What the entries themselves show, to be recomputed. */
  readonly provable: Completeness;
  /** As for `verifyBatchInclusion`; none if there are no entries. */
  readonly proof: readonly Hash[];
  /** By ascending leaf index. */
  readonly entries: readonly EvidenceEntry[];
}

/** Of the JSON, before it is compressed. */
export const EVIDENCE_LENGTH_BYTES_MAX = 64 << 20;
export const EVIDENCE_ENTRIES_MAX = 100_000;
const FORMAT = "stele.evidence/v1";
const TEXT_LENGTH_MAX = 1 << 16;
const SUCCESSION_STATEMENTS_MAX = 1_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The JSON document of a bundle; a file of it is compressed with gzip (`.stele-evidence`).
 *
 * @throws MalformedError what {@link parseEvidence} throws: nothing is written that it would not read
 */
export function formatEvidence(evidence: Evidence): Uint8Array {
  const bytes = encodeUtf8(textOf(evidence));
  parseEvidence(bytes);
  return bytes;
}

/**
 * Parses without verifying anything: see `verifyEvidence`.
 *
 * @param bytes the JSON, untrusted, not compressed any more
 * @throws MalformedError `evidence_malformed`, `utf8_malformed`, `base64_malformed`, `hash_malformed`, `note_malformed`
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > EVIDENCE_LENGTH_BYTES_MAX) {
    throw malformed(`it is longer than ${EVIDENCE_LENGTH_BYTES_MAX} bytes`);
  }
  const text = decodeUtf8(bytes);
  const evidence = readEvidence(parseJson(text));
  // Whatever is there twice, elsewhere or besides does not come back.
  if (textOf(evidence) !== text) throw malformed("it is not in canonical form");
  return evidence;
}

/** Parses JSON of strangers. @throws MalformedError `evidence_malformed` */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedError("evidence_malformed", "Not an evidence bundle: it is not JSON", { cause });
  }
}

function textOf({ checkpoint, policy, succession, declared, provable, proof, entries }: Evidence): string {
  const { by = null, at, query, normalQuery, searchedSize, allMatches } = declared;
  const { run, sources } = provable;
  return JSON.stringify({
    format: FORMAT,
    checkpoint,
    policy,
    succession,
    declared: {
      by,
      at,
      query,
      normal_query: normalQuery,
      searched_size: searchedSize,
      all_matches: allMatches,
    },
    provable: {
      run: run ? { first: run.first, last: run.last } : null,
      sources: sources.map(({ id, first, last, missing }) => ({ id, first, last, missing })),
    },
    proof: encodeBase64(concatenate(proof)),
    entries: entries.map(({ leafIndex, entry }) => ({ index: leafIndex, entry })),
  });
}

function readEvidence(value: unknown): Evidence {
  const read = fieldsOf(value, "it");
  if (read("format") !== FORMAT) throw malformed(`its format is not ${FORMAT}`);
  const checkpoint = read("checkpoint");
  const policy = read("policy");
  const succession = read("succession");
  const provable = read("provable");
  const proof = read("proof");
  const entries = read("entries");
  if (!isText(checkpoint) || !isText(policy)) throw malformed("its checkpoint or its policy is no text");
  parseNote(encodeUtf8(checkpoint));
  if (!isListOf(succession, isText, SUCCESSION_STATEMENTS_MAX)) throw malformed("its succession is no list");
  for (const statement of succession) parseNote(encodeUtf8(statement));
  if (!isCompleteness(provable)) throw malformed("what can be proven is not in the form");
  if (typeof proof !== "string") throw malformed("its proof is no text");
  if (!Array.isArray(entries) || entries.length > EVIDENCE_ENTRIES_MAX) {
    throw malformed(`it has no list of at most ${EVIDENCE_ENTRIES_MAX} entries`);
  }
  const { run, sources } = provable;
  return {
    checkpoint,
    policy,
    succession,
    declared: readDeclaration(read("declared")),
    provable: { run: run ?? undefined, sources },
    proof: splitHashes(decodeBase64(proof)),
    entries: entries.map(readEntry),
  };
}

function readDeclaration(value: unknown): EvidenceDeclaration {
  const read = fieldsOf(value, "what is declared");
  const by = read("by");
  const at = read("at");
  const query = read("query");
  const normalQuery = read("normal_query");
  const searchedSize = read("searched_size");
  const allMatches = read("all_matches");
  if ((by !== null && !isText(by)) || !isText(query) || !isText(normalQuery)) {
    throw malformed("who exported it, or the query, is no text");
  }
  if (typeof at !== "string" || !TIME.test(at)) throw malformed("the time of the export is no time");
  if (!isCount(searchedSize) || typeof allMatches !== "boolean") {
    throw malformed("it does not say what was searched");
  }
  return { by: by ?? undefined, at, query, normalQuery, searchedSize, allMatches };
}

function readEntry(value: unknown, position: number): EvidenceEntry {
  const read = fieldsOf(value, `entries[${position}]`);
  const leafIndex = read("index");
  const entry = read("entry");
  if (!isCount(leafIndex) || typeof entry !== "string") throw malformed(`entries[${position}] is no entry`);
  return { leafIndex, entry };
}

/** Reads fields of its own only: a document may call one `constructor`. */
function fieldsOf(value: unknown, what: string): (name: string) => unknown {
  if (typeof value !== "object" || value === null) throw malformed(`${what} is no object`);
  return (name) => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_LENGTH_MAX && value.isWellFormed();
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T, lengthMax: number): value is T[] {
  return Array.isArray(value) && value.length <= lengthMax && value.every(isItem);
}

function concatenate(hashes: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_LENGTH_BYTES);
  for (const [i, hash] of hashes.entries()) bytes.set(checkHash("hash", hash), i * HASH_LENGTH_BYTES);
  return bytes;
}

function splitHashes(bytes: Uint8Array): Hash[] {
  if (bytes.length % HASH_LENGTH_BYTES !== 0) throw malformed("its proof does not consist of whole hashes");
  return Array.from({ length: bytes.length / HASH_LENGTH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES),
  );
}

/** Whether bytes begin as those of a bundle do, compressed or not: to tell files apart. */
export function looksLikeEvidence(bytes: Uint8Array): boolean {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const beginning = encodeUtf8(`{"format":"${FORMAT}"`);
  return isGzip || equalBytes(bytes.subarray(0, beginning.length), beginning);
}

function malformed(reason: string): MalformedError {
  return new MalformedError("evidence_malformed", `Not an evidence bundle: ${reason}`);
}
