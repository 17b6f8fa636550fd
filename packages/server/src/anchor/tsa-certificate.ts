import { X509Certificate } from "node:crypto";
import { equalBytes, MalformedError, VerificationError } from "@stele/proof";
import { Der } from "./der.ts";

const EKU_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
const OID_EXTENDED_KEY_USAGE = "2.5.29.37";
const CHAIN_LENGTH_MAX = 8;
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Reads certificates from PEM.
 *
 * @param place named in errors
 * @throws MalformedError `certificate_malformed`, also if there is none
 */
export function parseCertificates(pem: string, place: string): X509Certificate[] {
  const blocks = pem.match(PEM) ?? [];
  try {
    if (blocks.length === 0) throw new Error("there is none");
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new MalformedError("certificate_malformed", `${place} does not hold certificates in PEM`, {
      cause,
    });
  }
}

/**
 * Verifies that a certificate is for time-stamping only, and leads to a trusted one over certificates that were all valid at the
 * time. A trusted certificate need not be a root, and may be the authority's own.
 *
 * @param others untrusted certificates that may be on the way
 * @throws VerificationError `timestamp_not_trusted`; MalformedError `timestamp_malformed` if the certificate is not DER
 */
export function verifyTsaChain(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  timeMs: number,
): void {
  const [usage, ...more] = certificate.keyUsage ?? [];
  if (usage !== EKU_TIME_STAMPING || more.length > 0 || !isUsageCritical(certificate)) {
    throw notTrusted(certificate, "is not for time-stamping only");
  }
  let at = certificate;
  for (let length = 0; length < CHAIN_LENGTH_MAX; length++) {
    if (timeMs < at.validFromDate.getTime() || timeMs > at.validToDate.getTime()) {
      throw notTrusted(at, `was not valid at ${new Date(timeMs).toISOString()}`);
    }
    if (trusted.some(({ raw }) => equalBytes(raw, at.raw))) return;
    const issuer = [...trusted, ...others].find((one) => isIssuer(one, at));
    if (!issuer) throw notTrusted(at, "is certified by nobody that is trusted");
    at = issuer;
  }
  throw notTrusted(certificate, `has more than ${CHAIN_LENGTH_MAX} certificates above it`);
}

/** RFC 3161 section 2.3. Node tells what the usage is, not whether others are ruled out by it. */
function isUsageCritical({ raw }: X509Certificate): boolean {
  const fields = Der.parse(raw).inside(0x30).next().inside(0x30).rest();
  const extensions =
    fields
      .find(({ tag }) => tag === 0xa3)
      ?.inside(0xa3)
      .next()
      .inside(0x30)
      .rest() ?? [];
  return extensions.some((extension) => {
    const parts = extension.inside(0x30);
    if (parts.next().oid() !== OID_EXTENDED_KEY_USAGE) return false;
    return parts.optional(0x01)?.content(0x01)[0] === 0xff;
  });
}

function isIssuer(issuer: X509Certificate, subject: X509Certificate): boolean {
  return (
    issuer.ca &&
    !equalBytes(issuer.raw, subject.raw) &&
    subject.checkIssued(issuer) &&
    subject.verify(issuer.publicKey)
  );
}

function notTrusted({ subject }: X509Certificate, reason: string): VerificationError {
  const name = subject.replaceAll("\n", ", ");
  return new VerificationError("timestamp_not_trusted", `The certificate of ${name} ${reason}`, { subject });
}
