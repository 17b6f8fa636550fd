import { createHash, type X509Certificate } from "node:crypto";
import { MalformedError, VerificationError } from "@stele/proof";
import { Anchors, type AnchorObjects } from "./anchors.ts";

/** What a verification found of anchors. */
export interface AnchorFindings {
  /** Checkpoints that were kept. The log still has what each of them says. */
  anchors: number;
  timestamps: number;
  /** Those whose authority leads to a certificate that the verifier was given. */
  authenticated: number;
  /** What the newest time-stamp shows: so many entries were there at this time (Unix milliseconds). */
  newest: { readonly treeSize: number; readonly timeMs: number; readonly authority: string } | undefined;
}

/**
 * Reads the anchors of a log, verifies each time-stamp against its checkpoint, and hands each checkpoint to `claim`, which verifies
 * its signature and compares it with the log.
 *
 * @param trusted certificates of time-stamping authorities; without, authorities are not authenticated
 * @throws VerificationError `anchor_incomplete`, `anchor_malformed`, `timestamp_…`, naming the object; what `claim` throws
 */
export async function auditAnchors(
  objects: AnchorObjects,
  trusted: readonly X509Certificate[] | undefined,
  claim: (checkpoint: Uint8Array, place: string) => { readonly treeSize: number },
): Promise<AnchorFindings> {
  const findings: AnchorFindings = { anchors: 0, timestamps: 0, authenticated: 0, newest: undefined };
  try {
    for await (const { treeSize, checkpoint, timestamps } of new Anchors(objects).read()) {
      const place = `${objects.place}/anchors/${String(treeSize).padStart(16, "0")}`;
      if (!checkpoint)
        throw broken("anchor_incomplete", `${place} has time-stamps of a checkpoint that is gone`, place);
      if (claim(checkpoint, place).treeSize !== treeSize) {
        throw broken("anchor_malformed", `${place} holds a checkpoint of another size`, place);
      }
      findings.anchors++;
      const digest = createHash("sha256").update(checkpoint).digest();
      for (const { key, response } of timestamps) {
        const stamp = await verifyAt(`${objects.place}/${key}`, response, digest, trusted);
        findings.timestamps++;
        if (stamp.isAuthenticated) findings.authenticated++;
        findings.newest = { treeSize, timeMs: stamp.timeMs, authority: stamp.authority };
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new VerificationError(error.code, error.message, { place: objects.place }, { cause: error });
  }
  return findings;
}

async function verifyAt(
  place: string,
  response: Uint8Array,
  digest: Uint8Array,
  trusted: readonly X509Certificate[] | undefined,
) {
  // Loaded only where there are time-stamps.
  const { verifyTimestamp } = await import("./timestamp.ts");
  try {
    return verifyTimestamp(response, digest, trusted && { trusted });
  } catch (cause) {
    if (!(cause instanceof VerificationError || cause instanceof MalformedError)) throw cause;
    throw new VerificationError(cause.code, `${place}: ${cause.message}`, { place }, { cause });
  }
}

function broken(code: string, message: string, place: string): VerificationError {
  return new VerificationError(code, message, { place });
}
