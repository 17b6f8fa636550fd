const LF = 0x0a;
const LENGTH_BYTES = 4 * 1024 * 1024;

/** Collects lines for one insert: copied, so that nobody waits for their buffers. */
export class LineBatch {
  readonly #bytes = Buffer.allocUnsafeSlow(LENGTH_BYTES);
  #length = 0;
  #count = 0;

  /** How many lines it has. */
  get count(): number {
    return this.#count;
  }

  /** The lines, an LF between each two, but none at the end. Valid until {@link clear}. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length - 1);
  }

  /** Takes as many whole lines as there is room for, and returns how many bytes these have. 0: it is full. */
  take(lines: Uint8Array): number {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
    const room = LENGTH_BYTES - this.#length;
    if (room === 0) return 0;
    const taken = bytes.length <= room ? bytes.length : bytes.lastIndexOf(LF, room - 1) + 1;
    bytes.copy(this.#bytes, this.#length, 0, taken);
    this.#length += taken;
    this.#count += countLines(bytes, taken);
    return taken;
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }
}

function countLines(bytes: Buffer, lengthBytes: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < lengthBytes; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

/** Where the first `count` lines end. */
export function endOfLines(lines: Uint8Array, count: number): number {
  let at = 0;
  for (let n = 0; n < count; n++) at = lines.indexOf(LF, at) + 1;
  return at;
}
