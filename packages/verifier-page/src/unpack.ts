import { EVIDENCE_LENGTH_BYTES_MAX, MalformedError } from "@stele/proof";

/** What a file may have as it is. */
export const FILE_LENGTH_BYTES_MAX = EVIDENCE_LENGTH_BYTES_MAX;

/** Unpacks gzip; other bytes come back as they are. @throws MalformedError `evidence_malformed` */
export async function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const { writable, readable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  // What goes wrong with them goes wrong with reading, too, and is told there.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  try {
    for await (const chunk of readable) {
      length += chunk.length;
      if (length > EVIDENCE_LENGTH_BYTES_MAX) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new MalformedError("evidence_malformed", "The file is broken as gzip", { cause });
  }
  if (length > EVIDENCE_LENGTH_BYTES_MAX) {
    throw new MalformedError(
      "evidence_malformed",
      `The file unpacks to more than ${EVIDENCE_LENGTH_BYTES_MAX} bytes`,
    );
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
