import type { X509Certificate } from "node:crypto";
import { MalformedError, SteleError, UnavailableError } from "@stele/proof";
import { makeTimestampRequest } from "./timestamp-request.ts";
import { TIMESTAMP_LENGTH_BYTES_MAX } from "./timestamp-token.ts";
import { verifyTimestamp, type VerifiedTimestamp } from "./timestamp.ts";

const TIMEOUT_MS = 15_000;

export interface TsaAnswer {
  /** The whole answer (TimeStampResp): what is kept. */
  readonly response: Uint8Array;
  readonly verified: VerifiedTimestamp;
}

/** A time-stamping authority, asked over HTTP (RFC 3161 section 3.4). */
export class TsaClient {
  readonly url: string;
  readonly #trusted: readonly X509Certificate[] | undefined;

  /** @param trusted without, the authority's certificate is not looked at; @throws MalformedError `tsa_url_malformed` */
  constructor(url: string, trusted?: readonly X509Certificate[]) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const isHttp = parsed?.protocol === "http:" || parsed?.protocol === "https:";
    if (!isHttp || parsed.username !== "" || parsed.password !== "") {
      // What it is may be a secret.
      throw new MalformedError(
        "tsa_url_malformed",
        "--tsa: a time-stamping authority is an http(s) URL without a password, such as https://tsa.example/tsr",
      );
    }
    this.url = parsed.href;
    this.#trusted = trusted;
  }

  /** For people: without the parameters, which may be secrets. */
  get name(): string {
    const { host, pathname } = new URL(this.url);
    return `${host}${pathname === "/" ? "" : pathname}`;
  }

  /**
   * Has a SHA-256 digest time-stamped, and verifies the answer.
   *
   * @throws UnavailableError `tsa_unavailable`; what {@link verifyTimestamp} throws
   */
  async stamp(digest: Uint8Array, signal?: AbortSignal): Promise<TsaAnswer> {
    const { der, nonce } = makeTimestampRequest(digest);
    const response = await this.#post(der, signal);
    const verified = verifyTimestamp(response, digest, {
      nonce,
      ...(this.#trusted && { trusted: this.#trusted }),
    });
    return { response, verified };
  }

  async #post(body: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" },
        body: Buffer.from(body),
        redirect: "error",
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      });
      if (!response.ok) throw this.#failed(`it answered ${response.status}`);
      return await this.#read(response);
    } catch (cause) {
      if (cause instanceof SteleError) throw cause;
      throw this.#failed(timeout.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : "no connection", cause);
    }
  }

  async #read(response: Response): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let lengthBytes = 0;
    for await (const chunk of response.body ?? []) {
      lengthBytes += chunk.length;
      if (lengthBytes > TIMESTAMP_LENGTH_BYTES_MAX) throw this.#failed("its answer is too long");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #failed(reason: string, cause?: unknown): UnavailableError {
    return new UnavailableError(
      "tsa_unavailable",
      `The time-stamping authority ${this.name} gave nothing: ${reason}`,
      { cause },
    );
  }
}
