export const HEX_ROW_BYTES = 16;

/** One line of a dump: `00000010  7b 22 76 22 …  {"v"`. Bytes that are no visible ASCII are a dot on the right. */
export function hexRow(bytes: Uint8Array, row: number): string {
  const begin = row * HEX_ROW_BYTES;
  const part = bytes.subarray(begin, begin + HEX_ROW_BYTES);
  const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0"));
  const half = HEX_ROW_BYTES / 2;
  const groups = `${hex.slice(0, half).join(" ")}  ${hex.slice(half).join(" ")}`;
  const text = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
  return `${begin.toString(16).padStart(8, "0")}  ${groups.padEnd(3 * HEX_ROW_BYTES)}  ${text.join("")}`;
}

/** The whole dump, a line for every 16 bytes. */
export function hexDump(bytes: Uint8Array): string {
  const rows = Math.ceil(bytes.length / HEX_ROW_BYTES);
  return Array.from({ length: rows }, (_, row) => hexRow(bytes, row)).join("\n");
}
