import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { ConsoleNode } from "./console-node.ts";

export interface PageOptions {
  /** With its query, such as `/live?q=outcome:denied`. */
  readonly path: string;
  /** 1,280 unless told; the height is 800. */
  readonly width?: number;
  /** `light` unless told. */
  readonly colorScheme?: "light" | "dark";
  /** A finger instead of a mouse. */
  readonly touch?: boolean;
  /** As if it had been typed in before. */
  readonly token?: string;
}

/** A page in a browser of its own, and what the browser complains of. */
export class ConsolePage {
  readonly page: Page;
  /** Messages of the console, errors of scripts, dialogs, violations of the policy, requests to other origins. */
  readonly complaints: string[] = [];
  readonly #allowed: RegExp[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.complaints.push(`page error: ${String(error)}`));
    page.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.context().on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url))
        this.complaints.push(`request: ${url}`);
    });
  }

  static async open(browser: Browser, node: ConsoleNode, options: PageOptions): Promise<ConsolePage> {
    const { path, width = 1_280, colorScheme = "light", token, touch = false } = options;
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      hasTouch: touch,
    });
    try {
      if (token !== undefined) await signIn(context, token);
      const opened = new ConsolePage(await context.newPage(), node.url);
      await opened.page.goto(`${node.url}${path}`);
      return opened;
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  /** Complaints that this test makes happen, such as of a node that is killed. */
  allow(...complaints: readonly RegExp[]): void {
    this.#allowed.push(...complaints);
  }

  /** Ends the page. There must have been no complaint but those allowed. */
  async close(): Promise<void> {
    await this.page.context().close();
    const left = this.complaints.filter((text) => !this.#allowed.some((allowed) => allowed.test(text)));
    expect(left).toEqual([]);
  }
}

/** Where the page keeps the token that was typed in: packages/console/src/app/session.ts. */
const TOKEN_KEY = "stele-token";

/** Once: the page that asks for another token must not get this one back. */
async function signIn(context: BrowserContext, token: string): Promise<void> {
  await context.addInitScript(
    ([key, value]) => {
      if (sessionStorage.getItem("test-signed-in") !== null) return;
      sessionStorage.setItem("test-signed-in", "");
      sessionStorage.setItem(key, value);
    },
    [TOKEN_KEY, token] as const,
  );
}
