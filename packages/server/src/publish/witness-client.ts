import {
  formatAddCheckpoint,
  MalformedError,
  parseDecimal,
  parseNote,
  parseSignatureLine,
  parseTimestampedSignature,
  SteleError,
  type AddCheckpointRequest,
  type NoteSignature,
  type NoteVerifier,
} from "@stele/proof";
import { errorCode } from "../store/storage-error.ts";

/** What a witness makes of a checkpoint. */
export type WitnessAnswer =
  | {
      readonly kind: "cosigned";
      /** By the witness's key, of the checkpoint that was asked; verified. */
      readonly signature: NoteSignature;
      readonly timestampSeconds: number;
    }
  /** The newest checkpoint that it cosigned is of another size than the old one that the proof begins at. */
  | { readonly kind: "size"; readonly treeSize: number }
  | {
      readonly kind: "refused";
      readonly reason: WitnessRefusal;
      /** For a person; never the URL, which may hold a secret. */
      readonly message: string;
      /** How long it wants to be left alone, if it says so (milliseconds). */
      readonly retryAfterMs?: number;
    };

/** Why there is no cosignature. Stable: status, metrics and alarms have it. */
export type WitnessRefusal =
  /** 400: it does not understand the request. */
  | "request_refused"
  /** 403: it does not trust the key that signed the checkpoint. */
  | "key_refused"
  /** 404: it does not know the log. */
  | "log_unknown"
  /** 409 without a size. Witnesses of before July 2026 say so that they have another root of this size. */
  | "size_withheld"
  /** 422: what it cosigned before is no prefix of the checkpoint, by the proof that it got. */
  | "history_conflict"
  /** 429. */
  | "rate_limited"
  /** 5xx, no connection, a time-out. */
  | "unavailable"
  /** Another status, a redirect, an answer that is too long, or without a right cosignature. */
  | "answer_wrong";

const REFUSALS: Readonly<Record<number, readonly [WitnessRefusal, string]>> = {
  400: ["request_refused", "does not understand the request"],
  403: ["key_refused", "does not trust the key of the log"],
  404: ["log_unknown", "does not know the log"],
  409: ["size_withheld", "has another history of the log (409 without a size)"],
  422: ["history_conflict", "has cosigned a history of the log that this one does not extend"],
  429: ["rate_limited", "wants to be asked less often"],
};

const ANSWER_LENGTH_BYTES_MAX = 1 << 16;
const RETRY_AFTER_MS_MAX = 60 * 60 * 1000;

/** Asks one witness to cosign: the client's side of c2sp.org/tlog-witness, `add-checkpoint`. */
export class WitnessClient {
  /** Host and port: for people. */
  readonly host: string;
  readonly #url: URL;
  readonly #verifier: NoteVerifier;
  readonly #timeoutMs: number;

  /**
   * @param url the submission prefix
   * @param verifier of the witness's cosignatures
   * @param timeoutMs for a whole request
   * @throws MalformedError `policy_unusable`
   */
  constructor(url: string, verifier: NoteVerifier, timeoutMs: number) {
    this.#url = submissionUrl(url, verifier.key.name);
    this.host = this.#url.host;
    this.#verifier = verifier;
    this.#timeoutMs = timeoutMs;
  }

  /** One request. What it answers is not believed but checked. Never rejects, but for an aborted `signal`. */
  async addCheckpoint(request: AddCheckpointRequest, signal: AbortSignal): Promise<WitnessAnswer> {
    const body = Buffer.from(formatAddCheckpoint(request));
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        body,
        headers: { "content-type": "text/plain; charset=utf-8" },
        // A cosignature comes from where the operator said, or not at all.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
      });
      return this.#read(response, await readBounded(response), request);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SteleError) return refused("answer_wrong", error.message);
      return refused("unavailable", `can't be reached (${failureOf(error)})`);
    }
  }

  #read(response: Response, body: Buffer, { checkpoint }: AddCheckpointRequest): WitnessAnswer {
    const { status, headers } = response;
    if (status === 200) return this.#cosignature(body, checkpoint);
    if (status === 409 && mediaType(headers) === "text/x.tlog.size") {
      const text = body.toString("latin1");
      return { kind: "size", treeSize: parseDecimal("The witness's size", text.replace(/\n$/, "")) };
    }
    const [reason, message] =
      REFUSALS[status] ??
      (status >= 500
        ? (["unavailable", "does not work at the moment"] as const)
        : (["answer_wrong", "answers what no witness does"] as const));
    const retryAfterMs = retryAfter(headers.get("retry-after"));
    const said = status < 300 ? "" : saidText(body);
    return {
      ...refused(reason, `${message} (${status}${said})`),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  /** The newest right cosignature by this witness; lines of others mean nothing here, and may be of any form. */
  #cosignature(body: Buffer, checkpoint: Uint8Array): WitnessAnswer {
    const { key } = this.#verifier;
    const text = Buffer.from(parseNote(checkpoint).text);
    let newest: Extract<WitnessAnswer, { kind: "cosigned" }> | undefined;
    for (const line of body.toString().split("\n")) {
      if (!line.startsWith(`— ${key.name} `)) continue;
      const signature = parseSignatureLine(line);
      if (signature.keyId !== key.keyId) continue;
      if (!this.#verifier.accepts(text, signature.signature)) {
        return refused("answer_wrong", "answers with a cosignature that is not of the checkpoint");
      }
      const { timestampSeconds } = parseTimestampedSignature(signature.signature);
      if (timestampSeconds === 0) return refused("answer_wrong", "answers with a cosignature without a time");
      if (newest && newest.timestampSeconds >= timestampSeconds) continue;
      newest = { kind: "cosigned", signature, timestampSeconds };
    }
    return newest ?? refused("answer_wrong", "answers without a cosignature by the key in the policy");
  }
}

/** @throws MalformedError `policy_unusable` */
function submissionUrl(prefix: string, name: string): URL {
  const url = URL.parse(`${prefix.replace(/\/+$/, "")}/add-checkpoint`);
  const isPlain = url && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new MalformedError(
    "policy_unusable",
    `The URL of the witness ${name} in the policy is not an http or https URL without user, query and fragment`,
  );
}

/** @throws MalformedError `answer_too_long` */
async function readBounded(response: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  if (!response.body) return Buffer.alloc(0);
  // Leaving the loop cancels the body, which ends the connection.
  for await (const piece of response.body as ReadableStream<Uint8Array>) {
    length += piece.length;
    if (length > ANSWER_LENGTH_BYTES_MAX) {
      throw new MalformedError("answer_too_long", `answers with more than ${ANSWER_LENGTH_BYTES_MAX} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function mediaType(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]!.trim().toLowerCase();
}

/** RFC 9110 section 10.2.3: seconds or a date. Bounded, so that no witness is lost for a day by mistake. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

/** What the witness says to its refusal, if it is one short line of plain text. */
function saidText(body: Buffer): string {
  const line = body.toString("latin1").trim();
  return /^[\x20-\x7e]{1,120}$/.test(line) ? `: ${line}` : "";
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  return errorCode(error.cause) || error.message;
}

function refused(reason: WitnessRefusal, message: string): Extract<WitnessAnswer, { kind: "refused" }> {
  return { kind: "refused", reason, message };
}
