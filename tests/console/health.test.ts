import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleNode, expectAccessible, HAS_CHROMIUM, screenshot, TestBrowser } from "./harness/index.ts";

/** The node looks at its sources now and then, and keeps figures every ten seconds. */
const SOON = { timeout: 60_000 };

describe.skipIf(!HAS_CHROMIUM)("the health page", () => {
  let browser: TestBrowser;
  let node: ConsoleNode;
  let mirror: string;

  beforeAll(async () => {
    mirror = await mkdtemp(join(tmpdir(), "stele-console-mirror-"));
    browser = await TestBrowser.start();
    node = await ConsoleNode.start({
      witnesses: 1,
      serve: ["--mirror", `file://${mirror}`, "--source-gap-after", "1s"],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
    await rm(mirror, { recursive: true, force: true });
  });

  it("shows the node, its store and the log, and that there is no alarm", async () => {
    const opened = await browser.open(node, { path: "/health" });
    const { page } = opened;
    await page.getByText("No alarms").waitFor();
    expect(await page.title()).toBe("Health · main · Stele");

    const positions = page.getByRole("table", { name: "Positions of the log" });
    await positions.waitFor();
    for (const name of ["Sealed", "Hot", "Journal", "Indexed", "Published", "Witnessed", "Mirrored"]) {
      expect(await positions.getByRole("row", { name: new RegExp(`^${name}`) }).count()).toBe(1);
    }
    await region(page, "Table of mirrors").getByText(`file://${mirror}`).waitFor();
    await region(page, "Table of witnesses").getByText("cosigns").waitFor(SOON);
    await region(page, "Nodes of the store").getByText("(this node)").waitFor();
    await page.getByText("a directory can't keep anybody from deleting").waitFor();
    await region(page, "Sources of the log").getByText("app-1").waitFor(SOON);
    for (const chart of ["Ingest", "Memory", "Event loop delay", "Lag of mirrors", "Age of cosignatures"]) {
      const figures = page.getByRole("table", { name: `${chart}: figures` });
      await figures.getByRole("cell", { name: /\d/ }).first().waitFor(SOON);
    }
    await expectAccessible(page);
    await screenshot(page, "health-1280-light");
    await opened.close();
  });

  it("fits a narrow screen, in the dark", async () => {
    const opened = await browser.open(node, { path: "/health", width: 390, colorScheme: "dark" });
    const { page } = opened;
    await region(page, "Sources of the log").getByText("app-1").waitFor(SOON);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await expectAccessible(page);
    await screenshot(page, "health-390-dark");
    await opened.close();
  });

  it("goes back in time by the range in its URL", async () => {
    const opened = await browser.open(node, { path: "/health?range=6h" });
    const { page } = opened;
    await expect.poll(() => page.getByRole("radio", { name: "6h" }).isChecked()).toBe(true);
    await page.getByText("24h", { exact: true }).click();
    await page.waitForURL(/range=24h/);
    await page.goBack();
    await expect.poll(() => page.getByRole("radio", { name: "6h" }).isChecked()).toBe(true);
    await opened.close();
  });

  it("says how to have what there is not: events, mirrors, witnesses, sources, other nodes", async () => {
    const plain = await ConsoleNode.start();
    try {
      const opened = await browser.open(plain, { path: "/health?log=empty" });
      const { page } = opened;
      for (const title of ["No events yet", "No mirrors", "No witnesses", "No sources"]) {
        await page.getByText(title, { exact: true }).waitFor(SOON);
      }
      await page.getByText("A directory has one node").waitFor();
      await expectAccessible(page);
      await screenshot(page, "health-1280-empty");
      await opened.close();
    } finally {
      await plain.close();
    }
  });

  it("keeps what it knew when the node is gone, says so, and goes on once it is back", async () => {
    const opened = await browser.open(node, { path: "/health" });
    opened.allow(/Failed to load resource/);
    const { page } = opened;
    await page.getByText("210,000", { exact: true }).first().waitFor();
    await node.kill();
    try {
      await page.getByText("the node is unreachable since").waitFor(SOON);
      expect(await page.getByText("210,000", { exact: true }).first().isVisible()).toBe(true);
      await expectAccessible(page);
      await screenshot(page, "health-1280-unreachable");
    } finally {
      await node.restart();
    }
    await page.getByText("the node is unreachable since").waitFor({ state: "detached", ...SOON });
    await opened.close();
  });

  it("shows a gap as an alarm, which an admin acknowledges and a reader can't", async () => {
    const source = { id: "billing\u202e<img src=x onerror=alert(1)>" };
    const event = { action: "invoice.sent", actor: { id: "billing" } };
    await node.client().append([
      { ...event, source: { ...source, seq: 1 } },
      { ...event, source: { ...source, seq: 9 } },
    ]);
    const admin = await node.token("ada", "admin");
    const reader = await node.token("rob", "reader");
    const opened = await browser.open(node, { path: "/health", token: admin });
    const { page } = opened;
    const alarms = page.getByRole("region", { name: "Alarms", exact: true });
    await alarms.getByText("source_gap").waitFor(SOON);
    await expect.poll(() => page.title()).toBe("(1) Health · main · Stele");
    await alarms.getByText("Ask the source for what is missing").waitFor();
    await alarms.getByRole("button", { name: "Show the evidence" }).click();
    await alarms.getByRole("region", { name: "Evidence" }).getByText('"missing": 7').waitFor();
    const row = region(page, "Sources of the log").getByRole("row").nth(1);
    await expect.poll(async () => await row.textContent(), SOON).toContain("2–8");
    expect(await row.textContent()).toContain("\\u{202e}");
    await expectAccessible(page);
    await screenshot(page, "health-1280-alarm");

    const reading = await browser.open(node, { path: "/health", token: reader, colorScheme: "dark" });
    await reading.page
      .getByText("Acknowledging needs a token with the role admin; yours is of a reader")
      .waitFor();
    await expectAccessible(reading.page);
    await reading.close();

    await alarms.getByRole("button", { name: "Acknowledge" }).click();
    await alarms.getByLabel("Note").fill("asked them");
    await alarms.getByRole("button", { name: "Acknowledge" }).click();
    await alarms.getByText("asked them").waitFor();
    await alarms.getByText("ada").waitFor();
    expect(await alarms.getByRole("button", { name: "Acknowledge" }).count()).toBe(0);
    await opened.close();
  });
});

function region(page: Page, name: string) {
  return page.getByRole("region", { name, exact: true });
}
