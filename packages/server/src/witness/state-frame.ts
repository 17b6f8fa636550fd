import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * A frame of the files that a witness keeps its state in: a line, JSON without zero bytes, a newline.
 *
 *     stele-witness/v1 <generation> <sequence> <length of the JSON in bytes> <SHA-256, hex> <CRC-32, hex>
 *
 * SHA-256 is that of the JSON, CRC-32 that of the line before it: so a line that is damaged is told from JSON that is not all there.
 */
export interface StateFrame {
  readonly generation: number;
  readonly sequence: number;
  readonly content: unknown;
}

/** Frames begin at multiples of it, so that no write touches a sector or page that an answered frame is in. */
export const FRAME_ALIGNMENT_BYTES = 4096;
const SECTOR_BYTES = 512;
const HEADER_LENGTH_BYTES_MAX = 160;
const HEADER =
  /^(stele-witness\/v1 (0|[1-9]\d{0,15}) (0|[1-9]\d{0,15}) ([1-9]\d{0,10}) ([0-9a-f]{64})) ([0-9a-f]{8})\n/;

export function formatFrame({ generation, sequence, content }: StateFrame): Buffer {
  const json = Buffer.from(JSON.stringify(content));
  const head = `stele-witness/v1 ${generation} ${sequence} ${json.length} ${sha256(json)}`;
  return Buffer.concat([Buffer.from(`${head} ${checksum(head)}\n`), json, Buffer.from("\n")]);
}

export type ReadFrame =
  | { readonly kind: "frame"; readonly frame: StateFrame; readonly lengthBytes: number }
  /** Nothing but zeros from here on. */
  | { readonly kind: "end" }
  /** What a crash leaves of a write that was never answered: a part of it is there, the rest is still zeros. */
  | { readonly kind: "torn" }
  | { readonly kind: "damaged"; readonly reason: string };

/** Reads the frame at `offset` of a file that was all zeros before frames were written into it, one after the other. */
export function readFrame(file: Buffer, offset: number): ReadFrame {
  const rest = file.subarray(offset);
  if (isZero(rest)) return { kind: "end" };
  const header = readHeader(rest);
  if (!header) {
    const isUnwritten = isZero(rest.subarray(0, SECTOR_BYTES)) || isCutShort(rest);
    return isUnwritten && !hasHeader(rest.subarray(FRAME_ALIGNMENT_BYTES))
      ? { kind: "torn" }
      : { kind: "damaged", reason: "there is no frame" };
  }
  const { generation, sequence, jsonOffset, lengthBytes } = header;
  if (lengthBytes > rest.length) return { kind: "damaged", reason: "a frame goes beyond the end" };
  const bytes = rest.subarray(0, lengthBytes);
  const json = bytes.subarray(jsonOffset, -1);
  if (bytes.at(-1) === 0x0a && sha256(json) === header.hash) {
    const content: unknown = JSON.parse(json.toString());
    return { kind: "frame", frame: { generation, sequence, content }, lengthBytes };
  }
  const isUnwritten = bytes.at(-1) === 0 || hasZeroSector(bytes);
  return isUnwritten && isZero(rest.subarray(align(lengthBytes)))
    ? { kind: "torn" }
    : { kind: "damaged", reason: "a frame does not have the hash that it names" };
}

/** Up to the next place for a frame. */
export function align(lengthBytes: number): number {
  return Math.ceil(lengthBytes / FRAME_ALIGNMENT_BYTES) * FRAME_ALIGNMENT_BYTES;
}

function readHeader(bytes: Buffer) {
  const match = HEADER.exec(bytes.subarray(0, HEADER_LENGTH_BYTES_MAX).toString("latin1"));
  if (!match || checksum(match[1]!) !== match[6]) return undefined;
  const [line, , generation, sequence, length, hash] = match;
  return {
    generation: Number(generation),
    sequence: Number(sequence),
    jsonOffset: line.length,
    lengthBytes: line.length + Number(length) + 1,
    hash: hash!,
  };
}

/** Whether a later frame was begun: then the one before it was whole, and was answered. */
function hasHeader(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += FRAME_ALIGNMENT_BYTES) {
    if (readHeader(bytes.subarray(at))) return true;
  }
  return false;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Whether there is only the beginning of a header. */
function isCutShort(bytes: Buffer): boolean {
  const end = bytes.indexOf(0);
  const isInHeader = end >= 0 && end < HEADER_LENGTH_BYTES_MAX && !bytes.subarray(0, end).includes("\n");
  return isInHeader && isZero(bytes.subarray(end));
}

function hasZeroSector(bytes: Uint8Array): boolean {
  for (let at = 0; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES) {
    if (isZero(bytes.subarray(at, at + SECTOR_BYTES))) return true;
  }
  return false;
}
