import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { UnavailableError } from "@stele/proof";
import type { SubmissionFormat } from "../log/audit-log.ts";
import { RequestError } from "./errors.ts";
import type { HttpLimits } from "./limits.ts";

/** Reads bodies of submissions as bytes, and bounds how many bytes there are at one time. */
export class BodyIntake {
  readonly #limits: HttpLimits;
  #heldBytes = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the body and gives it to `consume` in an ArrayBuffer of its own. Its bytes count until `consume` is done.
   *
   * @throws RequestError `body_too_large`, `request_incomplete`; UnavailableError `overloaded`; what `consume` throws
   */
  async use<T>(request: IncomingMessage, consume: (body: Uint8Array) => Promise<T>): Promise<T> {
    const chunks: Uint8Array[] = [];
    let lengthBytes = 0;
    try {
      this.#checkLength(Number(request.headers["content-length"] ?? 0));
      await eachChunk(request, (chunk) => {
        this.#checkLength(lengthBytes + chunk.length);
        this.#hold(chunk.length);
        lengthBytes += chunk.length;
        chunks.push(chunk);
      });
      return await consume(joined(chunks, lengthBytes));
    } catch (error) {
      if (request.destroyed && !request.complete) {
        throw new RequestError("request_incomplete", "The connection ended before the body did", {
          cause: error,
        });
      }
      request.resume();
      throw error;
    } finally {
      this.#heldBytes -= lengthBytes;
    }
  }

  #checkLength(lengthBytes: number): void {
    const { bodyBytesMax } = this.#limits;
    if (lengthBytes <= bodyBytesMax) return;
    throw new RequestError(
      "body_too_large",
      `The body has more than ${bodyBytesMax} bytes. Send the events in several requests`,
    );
  }

  #hold(lengthBytes: number): void {
    if (this.#heldBytes + lengthBytes > this.#limits.bodyBytesInFlightMax) {
      throw new UnavailableError(
        "overloaded",
        "More events are on their way in than the node can hold. Send them again in a moment",
      );
    }
    this.#heldBytes += lengthBytes;
  }
}

/** Listeners, because `for await` costs a small request a tenth of its time. What `visit` throws ends the reading. */
function eachChunk(request: IncomingMessage, visit: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(new Error("The request has ended"));
    request.on("error", reject).on("end", resolve);
    request.on("data", (chunk: Uint8Array) => {
      try {
        visit(chunk);
      } catch (error) {
        request.removeAllListeners("data");
        reject(error);
      }
    });
  });
}

function joined(chunks: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const body = new Uint8Array(lengthBytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

const MEDIA_TYPE_FORM = /^application\/(json|x-ndjson)[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/**
 * How the body is written, from the request's headers.
 *
 * @throws RequestError `media_type_unsupported`, `encoding_unsupported`
 */
export function submissionFormat(headers: IncomingHttpHeaders): SubmissionFormat {
  const type = MEDIA_TYPE_FORM.exec(headers["content-type"] ?? "")?.[1]?.toLowerCase();
  if (type === undefined) {
    throw new RequestError(
      "media_type_unsupported",
      "Send events with the Content-Type application/json (an event, or an array of events) or application/x-ndjson (an event a line), in UTF-8",
    );
  }
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "zstd") {
    throw new RequestError(
      "encoding_unsupported",
      "Send events with the Content-Encoding gzip or zstd, or without one",
    );
  }
  return { type: type === "json" ? "json" : "ndjson", encoding };
}
