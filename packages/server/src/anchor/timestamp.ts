import { createHash, verify, type X509Certificate } from "node:crypto";
import { equalBytes, VerificationError } from "@stele/proof";
import { malformed } from "./der.ts";
import { OID_SHA1, OID_SHA256, parseTimestampResponse, type TimestampToken } from "./timestamp-token.ts";
import { verifyTsaChain } from "./tsa-certificate.ts";

/** A time-stamp that was verified. */
export interface VerifiedTimestamp {
  /** Unix milliseconds, by the authority's clock. */
  readonly timeMs: number;
  /** The subject of the authority's certificate, for people. */
  readonly authority: string;
  readonly policy: string;
  readonly serialNumber: string;
  /** Whether the certificate leads to one that the caller trusts. If not, anybody may have made this. */
  readonly isAuthenticated: boolean;
}

export interface TimestampExpectations {
  /** The nonce of the request, if this is the answer to one. */
  readonly nonce?: Uint8Array;
  /** OID of the policy that it must be made under, if only one will do. */
  readonly policy?: string;
  /** Certificates of authorities, or of those that certify them. Without: the authority is not authenticated. */
  readonly trusted?: readonly X509Certificate[];
}

/** Hashes that may be under a signature or a certificate's identity. SHA-1 only in the latter, where old software has no other. */
const HASHES: Readonly<Record<string, string>> = {
  [OID_SHA256]: "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** The key and the hash that a signature algorithm stands for; no hash: the one of the signer's digests. */
const SIGNATURES: Readonly<Record<string, readonly [keyType: string, hash?: string]>> = {
  "1.2.840.113549.1.1.1": ["rsa"],
  "1.2.840.113549.1.1.11": ["rsa", "sha256"],
  "1.2.840.113549.1.1.12": ["rsa", "sha384"],
  "1.2.840.113549.1.1.13": ["rsa", "sha512"],
  "1.2.840.10045.4.3.2": ["ec", "sha256"],
  "1.2.840.10045.4.3.3": ["ec", "sha384"],
  "1.2.840.10045.4.3.4": ["ec", "sha512"],
};

/**
 * Verifies a time-stamp (RFC 3161, RFC 5816): that it is of this SHA-256 digest, that its signature is by the certificate that it
 * names, and, with `trusted`, that this is the certificate of a time-stamping authority that was valid at the time.
 * Revocation is not looked at.
 *
 * @param response untrusted: what the authority answered (TimeStampResp)
 * @throws MalformedError `timestamp_malformed`; VerificationError `timestamp_refused`, `timestamp_of_other_data`,
 *   `timestamp_nonce_wrong`, `timestamp_policy_wrong`, `timestamp_signature_wrong`, `timestamp_not_trusted`
 */
export function verifyTimestamp(
  response: Uint8Array,
  digest: Uint8Array,
  { nonce, policy, trusted }: TimestampExpectations = {},
): VerifiedTimestamp {
  const token = parseTimestampResponse(response);
  const { info } = token;
  if (info.hashAlgorithm !== OID_SHA256 || !equalBytes(info.hash, digest)) {
    throw wrong("timestamp_of_other_data", "it is of other data");
  }
  if (nonce && !(info.nonce && equalBytes(info.nonce, nonce))) {
    throw wrong("timestamp_nonce_wrong", "it was not made for this request");
  }
  if (policy !== undefined && info.policy !== policy) {
    throw wrong("timestamp_policy_wrong", `it was made under the policy ${info.policy}, not ${policy}`);
  }
  const certificate = signerCertificate(token);
  verifySignature(token, certificate);
  if (trusted) verifyTsaChain(certificate, token.certificates, trusted, info.timeMs);
  return {
    timeMs: info.timeMs,
    authority: certificate.subject.replaceAll("\n", ", "),
    policy: info.policy,
    serialNumber: info.serialNumber,
    isAuthenticated: trusted !== undefined,
  };
}

function signerCertificate({ certificates, signer }: TimestampToken): X509Certificate {
  const { algorithm, hash } = signer.certificateHash;
  const name = algorithm === OID_SHA1 ? "sha1" : hashName(algorithm);
  const found = certificates.find(({ raw }) => equalBytes(createHash(name).update(raw).digest(), hash));
  if (!found) throw wrong("timestamp_signature_wrong", "the certificate that it names is not in it");
  return found;
}

function verifySignature({ infoBytes, signer }: TimestampToken, certificate: X509Certificate): void {
  const digestName = hashName(signer.digestAlgorithm);
  const [keyType, hash = digestName] = SIGNATURES[signer.signatureAlgorithm] ?? [];
  if (keyType === undefined)
    throw malformed(`its signature algorithm ${signer.signatureAlgorithm} is not known`);
  const { publicKey } = certificate;
  if (!equalBytes(createHash(digestName).update(infoBytes).digest(), signer.messageDigest)) {
    throw wrong("timestamp_signature_wrong", "what is signed is another time-stamp");
  }
  const isRight =
    publicKey.asymmetricKeyType === keyType &&
    verify(hash, signer.signedAttributes, publicKey, signer.signature);
  if (!isRight) throw wrong("timestamp_signature_wrong", "its signature does not verify");
}

function hashName(oid: string): string {
  const name = HASHES[oid];
  if (name === undefined) throw malformed(`its hash algorithm ${oid} is not known`);
  return name;
}

function wrong(code: string, reason: string): VerificationError {
  return new VerificationError(code, `The time-stamp is wrong: ${reason}`, {});
}
