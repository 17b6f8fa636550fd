import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { formatProofFile } from "@stele/client";
import { noteVerifier } from "@stele/proof";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tamperSegment } from "../../packages/server/src/verify/testing/tamper-segment.ts";
import {
  ConsoleNode,
  expectAccessible,
  FILLED_EVENTS,
  HAS_CHROMIUM,
  screenshot,
  TestBrowser,
  type ConsolePage,
} from "./harness/index.ts";

/** An entry of the second segment. */
const TAMPERED = 70_000;
/** Six seconds of work; but a machine may have other things to do. */
const WHOLE_LOG_MS = 300_000;

describe.skipIf(!HAS_CHROMIUM)("the verify page", () => {
  let browser: TestBrowser;
  let node: ConsoleNode;
  let opened: ConsolePage;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    node = await ConsoleNode.start();
  });
  afterAll(async () => {
    await browser.close();
    await node.close();
  });

  async function withPage(use: (page: Page) => Promise<void>, path = "/verify"): Promise<void> {
    opened = await browser.open(node, { path });
    await use(opened.page);
    await opened.close();
  }

  it("reads and hashes the whole log in the browser", { timeout: WHOLE_LOG_MS }, async () => {
    await withPage(async (page) => {
      const browserSection = section(page, "By this browser");
      await page.getByRole("button", { name: "Check the whole log here" }).click();
      await browserSection
        .getByText(`All ${FILLED_EVENTS.toLocaleString("en-US")} entries are what the log signed`)
        .waitFor({ timeout: WHOLE_LOG_MS - 20_000 });
      expect(await browserSection.innerText()).toContain("a key that the node named just now");
      await expectAccessible(page);
      await screenshot(page, "verify-browser-checked");
    });
  });

  it("is not told that a changed entry was signed", async () => {
    await withPage(async (page) => {
      // The bundle of the entries 2,560 to 2,815, with one letter changed.
      await page.route("**/logs/main/tile/entries/010", async (route) => {
        const response = await route.fetch();
        const body = await response.body();
        const at = body.indexOf('"outcome":"success"');
        body.write("S", at + 11);
        await route.fulfill({ response, body });
      });
      await page.getByRole("button", { name: "Check the whole log here" }).click();
      await page.getByText("NOT what the log signed").waitFor();
      expect(await section(page, "By this browser").innerText()).toContain("entries from 2560 to 2815");
      await screenshot(page, "verify-browser-tampered");
    });
  });

  it("can be stopped", async () => {
    await withPage(async (page) => {
      await page.getByRole("button", { name: "Check the whole log here" }).click();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Check the whole log here" }).waitFor();
    });
  });

  it("checks files that are dropped upon it, and tells a changed one", async () => {
    const { vkey } = await node.client().info();
    const bundle = Buffer.from(await node.client().evidence("outcome:denied", { limit: 50 }));
    const proof = formatProofFile(await node.client().prove(TAMPERED, noteVerifier(vkey)));
    await withPage(async (page) => {
      const results = page.getByTestId("file-results");
      await choose(page, "denied.stele-evidence", bundle);
      await results.getByText("Checked only against the key that the file itself states").waitFor();
      await page.getByLabel("What you trust").fill(vkey);
      await results.getByText("Verified with the key that you trust.").waitFor();
      await expectAccessible(page);
      await screenshot(page, "verify-evidence");

      await drop(page, "event.tlog-proof", Buffer.from(proof));
      await results.getByText("event.tlog-proof").waitFor();
      await results.getByText(`Entry ${TAMPERED.toLocaleString("en-US")} is in the log`).waitFor();

      const changed = Buffer.from(proof);
      changed.write(changed.at(-20) === 65 ? "B" : "A", changed.length - 20);
      await choose(page, "changed.tlog-proof", changed);
      await results.getByText(/^Not verified: /).waitFor();

      await choose(page, "cat.jpg", Buffer.from("nothing of ours"));
      await results.getByText("This is neither an evidence bundle").waitFor();
    });
  });

  it("has the node verify everything, watches it, and shows what it finds", async () => {
    const segments = join(node.data, "logs", "main", "segments");
    const second = (await readdir(segments)).toSorted()[1]!;
    await tamperSegment(
      join(segments, second),
      `CASE WHEN seq = ${TAMPERED} THEN 'x.y' ELSE action END AS action`,
    );
    await withPage(async (page) => {
      const state = page.getByTestId("verification-state");
      await state.waitFor();
      await page.getByRole("button", { name: "Verify everything now" }).click();
      await state.getByText(/% · at entry/).waitFor();
      await page.getByText(/1 finding: what is stored is not what was signed/).waitFor({ timeout: 110_000 });
      await state.getByText("No pass is under way").waitFor({ timeout: 110_000 });
      await page.getByRole("link", { name: TAMPERED.toLocaleString("en-US") }).waitFor();
      await expectAccessible(page);
      await screenshot(page, "verify-finding");
    });
  });
});

function section(page: Page, name: string): Locator {
  return page.locator("section").filter({ has: page.getByRole("heading", { name, level: 2 }) });
}

async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.setInputFiles("input[type=file]", { name, mimeType: "application/octet-stream", buffer });
}

/** As somebody drops it with a mouse. */
async function drop(page: Page, name: string, buffer: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, base64]) => {
      const made = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0)!);
      made.items.add(new File([bytes], file));
      return made;
    },
    [name, buffer.toString("base64")] as const,
  );
  await page.locator("body").dispatchEvent("drop", { dataTransfer: transfer });
}
