import { isUtf8 } from "node:buffer";
import { MalformedError, type SteleError } from "@stele/proof";

/**
 * A commit of the journal: the entries [start, start + count) and the signed checkpoint of the tree that ends
 * with them. The format is docs/spec/journal.md.
 */
export interface Commit {
  /** 32 hex digits, random: tells one attempt from another. */
  readonly id: string;
  readonly origin: string;
  readonly start: number;
  readonly count: number;
  /** The entries in order, each ended by LF; the pieces follow each other. */
  readonly lines: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** A commit that was read: the bytes of its entries lie in the buffer that it was parsed from. */
export interface ParsedCommit extends Omit<Commit, "lines"> {
  /** All entry lines, each ended by LF. */
  readonly entryLines: Uint8Array;
  /** Where `entryLines` begins, counted from the beginning of the parsed bytes. */
  readonly entriesOffset: number;
  /** One past the last byte of the commit, counted likewise. */
  readonly endOffset: number;
}

/** Thrown where bytes end before the commit does: not wrong as far as they go. */
export class IncompleteCommit extends MalformedError {
  constructor(at: number) {
    super("commit_incomplete", `The bytes end at ${at}, inside a commit`);
  }
}

const HEADER_PREFIX = '{"commit":{"id":"';
const FRAME_LINE_LENGTH_BYTES_MAX = 64 * 1024;
const LF = 0x0a;

export function commitLengthBytes(commit: Commit): number {
  return commit.lines.reduce((sum, piece) => sum + piece.length, 0);
}

function formatHeader(header: Pick<Commit, "id" | "origin" | "start" | "count"> & { bytes: number }): string {
  const { id, origin, start, count, bytes } = header;
  return `${JSON.stringify({ commit: { id, origin, start, count, bytes } })}\n`;
}

function formatTrailer(checkpoint: string): string {
  return `${JSON.stringify({ checkpoint })}\n`;
}

/** The pieces to write, in order; entry lines are not copied. */
export function formatCommit(commit: Commit): Uint8Array[] {
  const header = formatHeader({ ...commit, bytes: commitLengthBytes(commit) });
  return [Buffer.from(header), ...commit.lines, Buffer.from(formatTrailer(commit.checkpoint))];
}

/**
 * Parses the commit that begins at `offset`. Frame lines must be exactly as {@link formatCommit} writes them;
 * whether the entries are the signed ones is for the caller to check.
 *
 * @throws IncompleteCommit (`commit_incomplete`) if the bytes end before the commit does
 * @throws MalformedError `commit_malformed`
 */
export function parseCommit(bytes: Buffer, offset: number): ParsedCommit {
  const header = frameLine(bytes, offset, HEADER_PREFIX);
  const { id, origin, start, count, bytes: lengthBytes } = headerFields(header.text, offset);
  const entriesOffset = header.end;
  const entriesEnd = entriesOffset + lengthBytes;
  if (entriesEnd > bytes.length) throw new IncompleteCommit(bytes.length);
  if (bytes[entriesEnd - 1] !== LF) throw malformed(entriesEnd, "the last entry line does not end here");
  const trailer = frameLine(bytes, entriesEnd, '{"checkpoint":"');
  const checkpoint = parsedObject(trailer.text, entriesEnd)["checkpoint"];
  if (typeof checkpoint !== "string" || formatTrailer(checkpoint) !== trailer.text) {
    throw malformed(entriesEnd, "the checkpoint line is not in its exact form");
  }
  const entryLines = bytes.subarray(entriesOffset, entriesEnd);
  return { id, origin, start, count, checkpoint, entryLines, entriesOffset, endOffset: trailer.end };
}

/** Whether bytes begin as a commit with this id does. */
export function hasCommitId(bytes: Buffer, id: string): boolean {
  const head = `${HEADER_PREFIX}${id}"`;
  return bytes.toString("latin1", 0, head.length) === head;
}

function headerFields(text: string, offset: number) {
  const { commit } = parsedObject(text, offset);
  if (typeof commit !== "object" || commit === null) throw malformed(offset, "there is no commit line");
  const { id, origin, start, count, bytes } = commit as Record<string, unknown>;
  const ok =
    typeof id === "string" &&
    /^[0-9a-f]{32}$/.test(id) &&
    typeof origin === "string" &&
    isCount(start, 0) &&
    isCount(count, 1) &&
    isCount(bytes, count) &&
    formatHeader({ id, origin, start, count, bytes }) === text;
  if (!ok) throw malformed(offset, "the commit line is not in its exact form");
  return { id, origin, start, count, bytes };
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function frameLine(bytes: Buffer, offset: number, prefix: string): { text: string; end: number } {
  const head = bytes.toString("latin1", offset, offset + prefix.length);
  if (!prefix.startsWith(head)) throw malformed(offset, `expected ${prefix}…`);
  const lf = bytes.indexOf(LF, offset);
  if (lf < 0) {
    if (bytes.length - offset > FRAME_LINE_LENGTH_BYTES_MAX) throw malformed(offset, "the line is too long");
    throw new IncompleteCommit(bytes.length);
  }
  const line = bytes.subarray(offset, lf + 1);
  // Decoding would put other characters in the place of what is not UTF-8, and format to other bytes.
  if (!isUtf8(line)) throw malformed(offset, "the line is not UTF-8");
  return { text: line.toString(), end: lf + 1 };
}

function parsedObject(text: string, offset: number): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw malformed(offset, "the line is not JSON", cause);
  }
}

function malformed(offset: number, what: string, cause?: unknown): SteleError {
  return new MalformedError("commit_malformed", `At byte ${offset}: ${what}`, { cause });
}
