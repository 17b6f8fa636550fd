import { readFile } from "node:fs/promises";
import type { AnchoringOptions } from "./anchorer.ts";
import { parseCertificates } from "./tsa-certificate.ts";

export interface AnchoringSettings {
  readonly tsaUrls: readonly string[];
  /** A PEM file with certificates that authorities must lead to. */
  readonly tsaCaPath?: string;
  readonly everyMs?: number;
}

/** @throws MalformedError `tsa_url_malformed`, `certificate_malformed`; what reading the file throws */
export async function makeAnchoring({
  tsaUrls,
  tsaCaPath,
  everyMs,
}: AnchoringSettings): Promise<AnchoringOptions> {
  // Loaded only where there are time-stamps.
  const { TsaClient } = await import("./tsa-client.ts");
  const trusted =
    tsaCaPath === undefined ? undefined : parseCertificates(await readFile(tsaCaPath, "utf8"), tsaCaPath);
  return {
    tsas: tsaUrls.map((url) => new TsaClient(url, trusted)),
    ...(everyMs !== undefined && { everyMs }),
  };
}
