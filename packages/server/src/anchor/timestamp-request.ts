import { randomBytes } from "node:crypto";

/** What is asked of a time-stamping authority. */
export interface TimestampRequest {
  /** DER, to be sent. */
  readonly der: Uint8Array;
  /** Must be in the answer: it shows that the answer was made for this request. */
  readonly nonce: Uint8Array;
}

const NONCE_LENGTH_BYTES = 8;

/**
 * A TimeStampReq (RFC 3161 section 2.4.1) for a SHA-256 digest, with a nonce, asking for the authority's certificate:
 *
 *     SEQUENCE { INTEGER 1, SEQUENCE { SEQUENCE { OID sha256, NULL }, OCTET STRING digest }, INTEGER nonce, BOOLEAN TRUE }
 */
export function makeTimestampRequest(digest: Uint8Array, nonce = randomNonce()): TimestampRequest {
  const algorithm = Buffer.from("300d06096086480165030402010500", "hex");
  const imprint = sequence(Buffer.concat([algorithm, element(0x04, digest)]));
  const content = [
    element(0x02, Uint8Array.of(1)),
    imprint,
    element(0x02, nonce),
    element(0x01, Uint8Array.of(0xff)),
  ];
  return { der: sequence(Buffer.concat(content)), nonce };
}

/** The content of a positive INTEGER in its shortest form. */
function randomNonce(): Uint8Array {
  const bytes = randomBytes(NONCE_LENGTH_BYTES);
  bytes[0] = 1 + (bytes[0]! % 127);
  return bytes;
}

function sequence(content: Uint8Array): Buffer {
  return element(0x30, content);
}

/** All lengths here are below 128. */
function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(tag, content.length), content]);
}
