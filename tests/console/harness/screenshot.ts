import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** `STELE_SCREENSHOTS`, or `test-results/console` of the repository: kept by CI. */
const DIRECTORY =
  process.env["STELE_SCREENSHOTS"] ?? join(import.meta.dirname, "../../../test-results/console");

/** What is seen now, as `<name>.png`. @param name in kebab-case; another one with the same name takes its place */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true });
  await page.screenshot({ path: join(DIRECTORY, `${name}.png`), animations: "disabled" });
}
