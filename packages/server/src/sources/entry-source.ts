import type { SourceEntry } from "./source-state.ts";

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const SOURCE = Buffer.from(',"source":{"id":"');
/** The value of `id` begins here (spec/entry.md E7); behind its quote come the times, of fixed length. */
const ID_OFFSET = 13;
const BEHIND_ID = '","occurred_at":"'.length + 24 + '","received_at":"'.length;
const SEQ = Buffer.from(',"seq":');
const ACTION = Buffer.from('","action":"');
const TIME_LENGTH = 24;

/** The action of an event with which a source declares its heartbeat. */
export const DECLARATION = "stele.source.declared";
const DECLARED = Buffer.from(`${DECLARATION}"`);
const HEARTBEAT_SECONDS_MAX = 366 * 24 * 60 * 60;

/**
 * The sources of entry lines (each ended by LF), the first of which is entry `start`. Entries without a source cost one
 * search for a byte sequence over all of them.
 */
export function* sourcesOfLines(lines: Uint8Array, start: number): Generator<SourceEntry, void, undefined> {
  const bytes = bufferOf(lines);
  let index = start;
  let lineStart = 0;
  let hit = bytes.indexOf(SOURCE);
  while (hit >= 0) {
    let lineEnd = bytes.indexOf(LF, lineStart);
    while (lineEnd >= 0 && lineEnd < hit) {
      index++;
      lineStart = lineEnd + 1;
      lineEnd = bytes.indexOf(LF, lineStart);
    }
    if (lineEnd < 0) lineEnd = bytes.length;
    const entry = sourceOf(bytes.subarray(lineStart, lineEnd), hit - lineStart, index);
    if (entry) yield entry;
    hit = bytes.indexOf(SOURCE, lineEnd);
  }
}

/** The same of a commit: pieces of whole lines, the first of which is entry `start`. */
export function* sourcesOfPieces(
  pieces: readonly Uint8Array[],
  start: number,
): Generator<SourceEntry, void, undefined> {
  const last = pieces.findLastIndex((piece) => bufferOf(piece).includes(SOURCE));
  for (let i = 0; i <= last; i++) {
    yield* sourcesOfLines(pieces[i]!, start);
    if (i < last) start += countLines(pieces[i]!);
  }
}

function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(LF); at >= 0; at = lines.indexOf(LF, at + 1)) count++;
  return count;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The source of one entry (without LF); undefined if it has none. */
export function sourceOfEntry(entry: Uint8Array, index: number): SourceEntry | undefined {
  const bytes = bufferOf(entry);
  const hit = bytes.indexOf(SOURCE);
  return hit < 0 ? undefined : sourceOf(bytes, hit, index);
}

function sourceOf(entry: Buffer, hit: number, index: number): SourceEntry | undefined {
  return quickly(entry, hit, index) ?? byParsing(entry, index);
}

/**
 * Where the id is plain, the source is read without parsing the rest, if it is of the entry itself: as its last key (behind
 * anything nested there would be another brace), or by counting braces. undefined if it is otherwise.
 */
function quickly(entry: Buffer, hit: number, index: number): SourceEntry | undefined {
  const from = hit + SOURCE.length;
  const quote = entry.indexOf(QUOTE, from);
  for (let i = from; i < quote; i++) {
    const byte = entry[i]!;
    if (byte === BACKSLASH || byte >= 0x80) return undefined;
  }
  let at = quote + 1;
  let seq: number | undefined;
  if (entry[at] === COMMA) {
    if (entry.compare(SEQ, 0, SEQ.length, at, at + SEQ.length) !== 0) return undefined;
    at += SEQ.length;
    seq = 0;
    for (; entry[at]! >= 0x30 && entry[at]! <= 0x39; at++) seq = seq * 10 + (entry[at]! - 0x30);
    if (!Number.isSafeInteger(seq)) return undefined;
  }
  if (entry[at] !== CLOSE) return undefined;
  const received = entry.indexOf(QUOTE, ID_OFFSET) + BEHIND_ID;
  const action = received + TIME_LENGTH + ACTION.length;
  const isLast = entry[at + 1] === CLOSE && at + 2 === entry.length;
  if (!isLast && depthAt(entry, action, hit) !== 1) return undefined;
  if (entry.compare(DECLARED, 0, DECLARED.length, action, action + DECLARED.length) === 0) return undefined;
  const receivedMs = timeMs(entry.toString("latin1", received, received + TIME_LENGTH));
  return { index, id: entry.toString("latin1", from, quote), seq, receivedMs, heartbeatSeconds: undefined };
}

/** How many objects are open at `to`, for a position in the value of `action`. */
function depthAt(entry: Buffer, from: number, to: number): number {
  let depth = 1;
  for (let at = entry.indexOf(QUOTE, from) + 1; at < to; at++) {
    const byte = entry[at]!;
    if (byte === OPEN) depth++;
    else if (byte === CLOSE) depth--;
    else if (byte === QUOTE) {
      for (at++; entry[at] !== QUOTE; at++) if (entry[at] === BACKSLASH) at++;
    }
  }
  return depth;
}

function byParsing(entry: Buffer, index: number): SourceEntry | undefined {
  const { source, received_at, action, metadata } = JSON.parse(entry.toString()) as {
    readonly source?: { readonly id: string; readonly seq?: number };
    readonly received_at: string;
    readonly action: string;
    readonly metadata?: { readonly heartbeat_seconds?: unknown };
  };
  if (!source) return undefined;
  return {
    index,
    id: source.id,
    seq: source.seq,
    receivedMs: timeMs(received_at),
    heartbeatSeconds: action === DECLARATION ? declared(metadata?.heartbeat_seconds) : undefined,
  };
}

/** What a declaration says: seconds; 0 for its end; undefined if it is not understood and changes nothing. */
export function declared(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  const isSeconds = typeof value === "number" && Number.isSafeInteger(value);
  return isSeconds && value >= 0 && value <= HEARTBEAT_SECONDS_MAX ? value : undefined;
}

let lastTime = "";
let lastTimeMs = 0;

/** Entries of one submission have the same time. */
function timeMs(text: string): number {
  if (text !== lastTime) {
    lastTime = text;
    lastTimeMs = Date.parse(text);
  }
  return lastTimeMs;
}
