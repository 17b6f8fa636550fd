import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HAS_CHROMIUM } from "./harness/browser.ts";
import { filledDirectory } from "./harness/filled-directory.ts";

const BUILD = new URL("../../packages/console/build/main.ts", import.meta.url).pathname;

/** Before the first test: the console of these sources, and the data that each node gets a copy of. */
export async function setup(): Promise<void> {
  if (!HAS_CHROMIUM) return;
  await promisify(execFile)(process.execPath, [BUILD]);
  await filledDirectory();
}
