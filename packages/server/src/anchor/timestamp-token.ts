import { X509Certificate } from "node:crypto";
import { VerificationError } from "@stele/proof";
import { Der, malformed, type Cursor } from "./der.ts";

/** What a time-stamping authority says, of which nothing is verified yet. RFC 3161 section 2.4.2. */
export interface TimestampToken {
  readonly info: TimestampInfo;
  /** DER of `info`: what the signature is about. */
  readonly infoBytes: Uint8Array;
  readonly certificates: readonly X509Certificate[];
  readonly signer: TimestampSigner;
}

export interface TimestampInfo {
  /** OID of the policy that the authority followed. */
  readonly policy: string;
  /** OID of the hash. */
  readonly hashAlgorithm: string;
  readonly hash: Uint8Array;
  /** Hex. */
  readonly serialNumber: string;
  readonly timeMs: number;
  /** The content of the INTEGER. */
  readonly nonce: Uint8Array | undefined;
}

export interface TimestampSigner {
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** The signed attributes as a DER SET: what is signed. */
  readonly signedAttributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  /** The hash of the signer's certificate (RFC 5035, RFC 2634), which is signed. */
  readonly certificateHash: { readonly algorithm: string; readonly hash: Uint8Array };
}

export const TIMESTAMP_LENGTH_BYTES_MAX = 64 * 1024;
const CERTIFICATES_MAX = 16;
const OID_SIGNED_DATA = "1.2.840.113549.1.7.2";
const OID_TST_INFO = "1.2.840.113549.1.9.16.1.4";
const OID_CONTENT_TYPE = "1.2.840.113549.1.9.3";
const OID_MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const OID_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
const OID_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
export const OID_SHA1 = "1.3.14.3.2.26";
export const OID_SHA256 = "2.16.840.1.101.3.4.2.1";

/**
 * Parses the answer of a time-stamping authority (TimeStampResp).
 *
 * @param bytes untrusted
 * @throws MalformedError `timestamp_malformed`; VerificationError `timestamp_refused` if it says that there is no time-stamp
 */
export function parseTimestampResponse(bytes: Uint8Array): TimestampToken {
  if (bytes.length > TIMESTAMP_LENGTH_BYTES_MAX) {
    throw malformed(`it is longer than ${TIMESTAMP_LENGTH_BYTES_MAX} bytes`);
  }
  const response = Der.parse(bytes).inside(0x30);
  const status = response.next().inside(0x30).next().number();
  // granted, grantedWithMods
  if (status > 1) {
    throw new VerificationError("timestamp_refused", `The authority gave no time-stamp (status ${status})`, {
      status,
    });
  }
  const token = response.next().inside(0x30);
  response.end();
  expectOid(token, OID_SIGNED_DATA);
  const signedData = token.next().inside(0xa0).next().inside(0x30);
  signedData.next().number(); // version
  signedData.next().inside(0x31); // digest algorithms
  const content = signedData.next().inside(0x30);
  expectOid(content, OID_TST_INFO);
  const infoBytes = content.next().inside(0xa0).next().content(0x04);
  const certificates = signedData.optional(0xa0);
  signedData.optional(0xa1); // revocation lists
  const signers = signedData.next().inside(0x31);
  signedData.end();
  const signer = signers.next();
  signers.end();
  return {
    info: parseInfo(infoBytes),
    infoBytes,
    certificates: certificates ? parseCertificates(certificates) : [],
    signer: parseSigner(signer),
  };
}

function parseInfo(bytes: Buffer): TimestampInfo {
  const info = Der.parse(bytes).inside(0x30);
  if (info.next().number() !== 1) throw malformed("it is of another version");
  const policy = info.next().oid();
  const imprint = info.next().inside(0x30);
  const hashAlgorithm = parseAlgorithm(imprint.next());
  const hash = imprint.next().content(0x04);
  const serialNumber = info.next().content(0x02).toString("hex");
  const timeMs = parseTime(info.next().content(0x18).toString("latin1"));
  info.optional(0x30); // accuracy
  info.optional(0x01); // ordering
  const nonce = info.optional(0x02)?.content(0x02);
  info.optional(0xa0); // tsa
  info.optional(0xa1); // extensions
  info.end();
  return { policy, hashAlgorithm, hash, serialNumber, timeMs, nonce };
}

/** GeneralizedTime as RFC 3161 has it: UTC, with seconds, and perhaps fractions of them. */
function parseTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(text);
  if (!match) throw malformed("its time is not one");
  const [, year, month, day, hour, minute, second, fraction = ""] = match;
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`);
  if (Number.isNaN(timeMs)) throw malformed("its time is not one");
  return timeMs;
}

function parseCertificates(certificates: Der): X509Certificate[] {
  const elements = certificates.inside(0xa0).rest();
  if (elements.length > CERTIFICATES_MAX)
    throw malformed(`it has more than ${CERTIFICATES_MAX} certificates`);
  return elements.map(({ bytes }) => {
    try {
      return new X509Certificate(bytes);
    } catch (cause) {
      throw malformed("it has a certificate that is none", cause);
    }
  });
}

function parseSigner(der: Der): TimestampSigner {
  const signer = der.inside(0x30);
  signer.next().number(); // version
  signer.next(); // which certificate; the signed hash of it says the same
  const digestAlgorithm = parseAlgorithm(signer.next());
  const attributes = signer.optional(0xa0);
  const signatureAlgorithm = parseAlgorithm(signer.next());
  const signature = signer.next().content(0x04);
  signer.optional(0xa1); // unsigned attributes
  signer.end();
  if (!attributes) throw malformed("it has no signed attributes");
  const values = parseAttributes(attributes);
  if (attribute(values, OID_CONTENT_TYPE).oid() !== OID_TST_INFO) {
    throw malformed("what is signed is not a time-stamp");
  }
  const signedAttributes = Buffer.from(attributes.bytes);
  signedAttributes[0] = 0x31; // RFC 5652 section 5.4
  return {
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    signedAttributes,
    messageDigest: attribute(values, OID_MESSAGE_DIGEST).content(0x04),
    certificateHash: parseCertificateHash(values),
  };
}

/** Of each attribute, its only value. */
function parseAttributes(attributes: Der): Map<string, Der> {
  const values = new Map<string, Der>();
  for (const element of attributes.inside(0xa0).rest()) {
    const pair = element.inside(0x30);
    const oid = pair.next().oid();
    const value = pair.next().inside(0x31).next();
    pair.end();
    if (values.has(oid)) throw malformed(`it has the attribute ${oid} twice`);
    values.set(oid, value);
  }
  return values;
}

function attribute(values: ReadonlyMap<string, Der>, oid: string): Der {
  const value = values.get(oid);
  if (!value) throw malformed(`it lacks the signed attribute ${oid}`);
  return value;
}

/** ESSCertIDv2, whose hash is SHA-256 unless it says another; or ESSCertID, whose hash is SHA-1. */
function parseCertificateHash(values: ReadonlyMap<string, Der>): TimestampSigner["certificateHash"] {
  const v2 = values.get(OID_SIGNING_CERTIFICATE_V2);
  const list = (v2 ?? attribute(values, OID_SIGNING_CERTIFICATE)).inside(0x30).next().inside(0x30);
  const id = list.next().inside(0x30);
  const algorithm = v2 ? id.optional(0x30) : undefined;
  return {
    algorithm: v2 ? (algorithm ? parseAlgorithm(algorithm) : OID_SHA256) : OID_SHA1,
    hash: id.next().content(0x04),
  };
}

function parseAlgorithm(der: Der): string {
  return der.inside(0x30).next().oid();
}

function expectOid(at: Cursor, oid: string): void {
  const found = at.next().oid();
  if (found !== oid) throw malformed(`it has ${found} where ${oid} should be`);
}
