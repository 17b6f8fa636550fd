import { readFile } from "node:fs/promises";
import { InvariantError } from "@stele/proof";

/** The page that verifies evidence in a browser, which `npm run build:verifier` made of packages/verifier-page. */
export interface VerifierPage {
  readonly html: string;
  /** The content security policy that the page gives itself. */
  readonly policy: string;
}

/** Reads the page. @throws InvariantError `verifier_page_broken` */
export async function verifierPage(): Promise<VerifierPage> {
  const html = await readFile(new URL("../assets/verify.html", import.meta.url), "utf8");
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
  if (policy === undefined) throw new InvariantError("verifier_page_broken", "The page has no policy");
  return { html, policy };
}
