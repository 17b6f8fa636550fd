import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleNode, expectAccessible, HAS_CHROMIUM, screenshot, TestBrowser } from "./harness/index.ts";

const box = (page: Page) => page.getByRole("combobox", { name: "Search" });
const options = (page: Page) => page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
const query = (page: Page) => new URL(page.url()).searchParams.get("q");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const panel = (page: Page) => page.getByRole("region", { name: "Export" });

async function exported(page: Page, format: RegExp): Promise<{ name: string; bytes: Buffer }> {
  await button(page, "Export").click();
  const item = page.getByRole("menuitem", { name: format });
  const [download] = await Promise.all([page.waitForEvent("download"), item.click()]);
  await panel(page).getByText(download.suggestedFilename()).waitFor();
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

describe.skipIf(!HAS_CHROMIUM)("the explore page: what is asked for", () => {
  let browser: TestBrowser;
  let node: ConsoleNode;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    node = await ConsoleNode.start();
  });
  afterAll(async () => {
    await browser.close();
    await node.close();
  });

  async function withPage(
    path: string,
    use: (page: Page) => Promise<void>,
    look: { readonly width?: number; readonly colorScheme?: "light" | "dark" } = {},
  ): Promise<void> {
    const opened = await browser.open(node, { path, ...look });
    await use(opened.page);
    await opened.close();
  }

  it("completes fields and values by keyboard, and goes back", async () => {
    await withPage("/", async (page) => {
      await box(page).waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("ac");
      await options(page).first().waitFor();
      expect(await options(page).first().innerText()).toContain("actor");
      await page.keyboard.press("Tab");
      expect(await box(page).inputValue()).toBe("actor:");

      await expect.poll(() => options(page).count()).toBeGreaterThan(3);
      await page.keyboard.type("usr_a");
      await expect
        .poll(async () => (await options(page).allInnerTexts()).every((text) => text.startsWith("usr_a")))
        .toBe(true);
      await page.keyboard.press("ArrowDown");
      const active = page.locator(`[id="${await box(page).getAttribute("aria-activedescendant")}"]`);
      expect(await active.getAttribute("aria-selected")).toBe("true");
      await expectAccessible(page);
      await screenshot(page, "explore-completion");
      await page.keyboard.press("Enter");
      await expect.poll(() => query(page)).toMatch(/^actor:usr_a/);
      expect(await options(page).count()).toBe(0);

      const first = query(page);
      await page.keyboard.type(" outcome:denied");
      await page.keyboard.press("Enter");
      await expect.poll(() => query(page)).toBe(`${first} outcome:denied`);
      await page.goBack();
      await expect.poll(() => box(page).inputValue()).toBe(first);
    });
  });

  it("marks a mistake where it is, and does not ask", async () => {
    await withPage("/?q=actor:ci", async (page) => {
      await box(page).fill("actor:ci acter:x");
      await page.keyboard.press("Enter");
      const alert = page.getByRole("alert").filter({ hasText: "did you mean actor?" });
      await alert.waitFor();
      expect(await page.locator("[data-wrong]").allInnerTexts()).toEqual(["acter"]);
      expect(await box(page).getAttribute("aria-invalid")).toBe("true");
      expect(query(page)).toBe("actor:ci");
      await expectAccessible(page);
      await screenshot(page, "explore-mistake");
      await page.getByRole("button", { name: "Clear the search" }).click();
      await expect.poll(() => query(page)).toBeNull();
    });
  });

  it("a slash is a letter where one types", async () => {
    await withPage("/", async (page) => {
      await box(page).fill("a");
      await page.keyboard.press("/");
      expect(await box(page).inputValue()).toBe("a/");
    });
  });

  it("time ranges, relative and absolute", async () => {
    await withPage("/?q=actor:nobody", async (page) => {
      await page.getByRole("button", { name: "Time range: All time" }).click();
      await button(page, "1 h").click();
      await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBe("-1h");
      await page.getByText("Nothing matches").waitFor();
      await button(page, "Search all time").click();
      await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBeNull();

      await page.getByRole("button", { name: "Time range: All time" }).click();
      await page.getByLabel("From (UTC)").fill("2026-01-31T12:00:05");
      await page.getByLabel("To, not included (UTC)").fill("2026-01-31T12:00:04");
      await page.getByText("This is not later than the beginning").waitFor();
      await page.getByLabel("To, not included (UTC)").fill("2026-01-31T13:00:00");
      await expectAccessible(page);
      await screenshot(page, "explore-time-range");
      await page.keyboard.press("Enter");
      await expect
        .poll(() => page.url())
        .toContain("from=2026-01-31T12%3A00%3A05Z&to=2026-01-31T13%3A00%3A00Z");
    });
  });

  it("saves, opens, renames and deletes a search", async () => {
    await withPage("/?q=outcome:denied&from=-7d&order=oldest", async (page) => {
      await button(page, "Saved searches").click();
      await page.getByLabel("Save this search as").fill("Denied <b>");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Denied <b>" }).waitFor();
      await expectAccessible(page);
      await screenshot(page, "explore-saved");

      await page.goto(`${node.url}/`);
      await button(page, "Saved searches").click();
      await page.getByRole("button", { name: "Rename Denied <b>" }).click();
      await page.getByLabel("New name of Denied <b>").fill("Denied");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Denied" }).click();
      await expect.poll(() => query(page)).toBe("outcome:denied");
      expect(new URL(page.url()).searchParams.get("order")).toBe("oldest");
      await button(page, "Saved searches").click();
      await page.getByRole("button", { name: "Delete Denied" }).click();
      await expect.poll(() => page.getByRole("link", { name: "Denied" }).count()).toBe(0);
    });
  });

  it("exports what is found, in the order of the table", async () => {
    const expected: string[] = [];
    for await (const { index } of node.client().search("outcome:denied", { order: "oldest" })) {
      expected.push(String(index));
    }
    expect(expected.length).toBeGreaterThan(1_000);
    const opened = await browser.open(node, { path: "/" });
    const { page } = opened;
    // Nobody is there to say where the file goes.
    await page.addInitScript("delete window.showSaveFilePicker");
    await page.goto(`${node.url}/?q=outcome:denied&order=oldest`);

    const csv = await exported(page, /^CSV/);
    expect(csv.name).toMatch(/^main-\d{8}T\d{6}Z\.csv$/);
    const rows = csv.bytes.toString().trimEnd().split("\r\n");
    expect(rows[0]).toMatch(/^index,occurred_at,.*,entry$/);
    expect(rows.slice(1).map((row) => row.slice(0, row.indexOf(",")))).toEqual(expected);

    const ndjson = await exported(page, /^NDJSON/);
    const lines = ndjson.bytes.toString().trimEnd().split("\n");
    expect(lines.map((line) => String((JSON.parse(line) as { index: number }).index))).toEqual(expected);
    await expectAccessible(page);
    await screenshot(page, "explore-exported");
    await opened.close();
  });

  it("exports evidence, and says why it can't", async () => {
    const opened = await browser.open(node, { path: "/?q=outcome:denied actor:usr_acme_1" });
    const { page } = opened;
    const bundle = await exported(page, /^Evidence/);
    const { treeSize } = await node.client().info();
    expect(bundle.name).toBe(`main-${treeSize}.stele-evidence`);
    await page.getByRole("button", { name: "Close" }).click();

    opened.allow(/status of 413/);
    await page.goto(`${node.url}/`);
    await button(page, "Export").click();
    await page.getByRole("menuitem", { name: /^Evidence/ }).click();
    await panel(page).getByText("evidence_too_large").waitFor();
    await panel(page).getByText("Choose a shorter time range").waitFor();
    await expectAccessible(page);
    await opened.close();
  });

  it("an export that is cancelled leaves no file", async () => {
    const opened = await browser.open(node, { path: "/" });
    const { page } = opened;
    await page.addInitScript("delete window.showSaveFilePicker");
    await page.goto(`${node.url}/`);
    let downloads = 0;
    page.on("download", () => downloads++);
    // The third page of events does not come: the export waits.
    let asked = 0;
    await page.route(/events\?.*cursor=/, async (route) => {
      asked++;
      if (asked === 1) await route.continue();
    });
    await button(page, "Export").click();
    await page.getByRole("menuitem", { name: /^CSV/ }).click();
    await panel(page)
      .getByText(/^2,000/)
      .waitFor();
    await expectAccessible(page);
    await button(page, "Cancel").click();
    await expect.poll(() => panel(page).count()).toBe(0);
    expect(downloads).toBe(0);
    await opened.close();
  });

  it("says how to send the first event, and shows it once it is there", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await withPage(
        "/?log=empty",
        async (page) => {
          await page.getByRole("heading", { name: "The log “empty” has no entries yet" }).waitFor();
          await expectAccessible(page);
          await screenshot(page, `explore-first-run-390-${colorScheme}`);
        },
        { width: 390, colorScheme },
      );
    }
    await withPage("/?log=empty", async (page) => {
      await page.getByText("curl").first().waitFor();
      await node.client("empty").append([{ action: "door.opened", actor: { id: "first-of-all" } }]);
      await page.getByText("first-of-all").first().waitFor();
    });
  });
});
