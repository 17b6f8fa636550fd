import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { ConsolePage, type PageOptions } from "./console-page.ts";
import type { ConsoleNode } from "./console-node.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Where there is none, what runs in it can't be tested: `describe.skipIf(!HAS_CHROMIUM)`. */
export const HAS_CHROMIUM = existsSync(CHROMIUM);

/** A real Chromium. */
export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    const args = ["--no-sandbox", "--disable-background-networking"];
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM, args }));
  }

  /** A page of the node, in a browser that remembers nothing of the pages before. */
  async open(node: ConsoleNode, options: PageOptions): Promise<ConsolePage> {
    return await ConsolePage.open(this.#browser, node, options);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
