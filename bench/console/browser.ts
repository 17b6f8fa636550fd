import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const VIEWPORT = { width: 1_280, height: 800 } as const;

/** Ends the process with 77, which says “skipped”, where there is no Chromium. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    console.log(`skipped: there is no ${CHROMIUM}`);
    process.exit(77);
  }
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-background-networking"],
    // The scrollbar of the table is dragged.
    ignoreDefaultArgs: ["--hide-scrollbars"],
  });
}
