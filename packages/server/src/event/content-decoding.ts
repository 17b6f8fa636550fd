import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { MalformedError } from "@stele/proof";
import { BodyMalformedError } from "./errors.ts";

export type ContentEncoding = "identity" | "gzip" | "zstd";

/** The largest zstd window, as a power of two: 8 MiB, as RFC 9659 sets it for HTTP. A decoder keeps that much. */
const ZSTD_WINDOW_LOG_MAX = 23;

/** Zlib hands out its output in pieces of this size. */
const CHUNK_BYTES = 128 * 1024;

/**
 * The body without its Content-Encoding: one gzip member or zstd frame. Decodes not more than `bytesMax` bytes, whatever
 * the body claims, and blocks the thread meanwhile.
 *
 * @throws MalformedError `body_too_large` if it is longer than `bytesMax` after decoding
 * @throws BodyMalformedError `body_malformed` if it is cut short, damaged, or has bytes behind its end
 */
export function decodeContent(body: Uint8Array, encoding: ContentEncoding, bytesMax: number): Uint8Array {
  if (encoding === "identity") {
    if (body.length > bytesMax) throw tooLarge(bytesMax);
    return body;
  }
  const options = { maxOutputLength: bytesMax, chunkSize: CHUNK_BYTES, rejectGarbageAfterEnd: true };
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
  try {
    return encoding === "gzip" ? gunzipSync(body, options) : zstdDecompressSync(body, { ...options, params });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax, error);
    throw new BodyMalformedError(`The body is not ${encoding}: ${error.message}`, undefined, {
      cause: error,
    });
  }
}

function tooLarge(bytesMax: number, cause?: Error): MalformedError {
  return new MalformedError("body_too_large", `The body, decoded, has more than ${bytesMax} bytes`, {
    cause,
  });
}
