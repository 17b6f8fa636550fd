import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  ConsoleNode,
  expectAccessible,
  FILLED_EVENTS,
  HAS_CHROMIUM,
  screenshot,
  TestBrowser,
  type ConsolePage,
} from "./harness/index.ts";

const REFUSED = /status of 401/;
/** The node ends a tail whose token it takes no more. */
const TAIL_ENDED = /ERR_INCOMPLETE_CHUNKED_ENCODING .*\/tail/;

const field = (page: Page) => page.getByRole("textbox", { name: "Access token" });

async function signIn(page: Page, token: string): Promise<void> {
  await field(page).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The token is in the session storage of this tab, and nowhere else. */
async function expectHidden(page: Page, token: string): Promise<void> {
  const kept = await page.evaluate(async () => ({
    session: Object.entries(sessionStorage).map(String),
    elsewhere: [
      location.href,
      document.cookie,
      document.documentElement.outerHTML,
      JSON.stringify(history.state),
      ...Object.entries(localStorage).map(String),
      ...(await indexedDB.databases()).map(({ name }) => String(name)),
      ...performance.getEntries().map(({ name }) => name),
    ],
  }));
  expect(kept.session.filter((text) => text.includes(token))).toEqual([`stele-token,${token}`]);
  expect(kept.elsewhere.filter((text) => text.includes(token))).toEqual([]);
}

// Where there is no Chromium, what runs in it can't be tested.
describe.skipIf(!HAS_CHROMIUM)("a node that needs tokens", () => {
  let node: ConsoleNode;
  let browser: TestBrowser;
  let opened: ConsolePage | undefined;
  let reader: string;

  beforeAll(async () => {
    [node, browser] = await Promise.all([ConsoleNode.start(), TestBrowser.start()]);
    reader = await node.token("alice", "reader");
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
  });

  afterEach(async () => {
    const page = opened;
    opened = undefined;
    await page?.close();
  });

  test("asks at once, refuses a wrong token, and takes a right one", async () => {
    opened = await browser.open(node, { path: "/live?from=209990" });
    const { page } = opened;
    await page.getByRole("heading", { level: 1, name: "Sign in to Stele" }).waitFor();
    await expectAccessible(page);
    await screenshot(page, "sign-in");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");

    await signIn(page, `stele_${"A".repeat(43)}`);
    await page.getByText("does not know the access token").waitFor();
    opened.allow(REFUSED);
    await signIn(page, reader);
    await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
    await page.getByRole("link", { name: "#209,999" }).waitFor();
    expect(page.url()).toBe(`${node.url}/live?from=209990`);
    await expectHidden(page, reader);

    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByText("alice, reader").waitFor();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { level: 1, name: "Sign in to Stele" }).waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    // Nothing of what was seen is left.
    expect(await page.getByRole("link").count()).toBe(0);
  });

  test("what a writer's token is good for is said", async () => {
    const writer = await node.token("machine", "writer");
    opened = await browser.open(node, { path: "/" });
    const { page } = opened;
    await signIn(page, writer);
    await page.getByText("The token machine has the role writer").waitFor();
    await signIn(page, reader);
    await page.getByRole("heading", { level: 1, name: "Explore" }).waitFor();
  });

  test.each(["revoked", "expired"] as const)("a token that is %s while a page is open", async (how) => {
    const name = `${how}-soon`;
    const expiresAt = how === "expired" ? new Date(Date.now() + 15_000) : undefined;
    const token = await node.token(name, "reader", expiresAt);
    opened = await browser.open(node, { path: "/live?from=209990", token });
    opened.allow(REFUSED, TAIL_ENDED);
    const { page } = opened;
    await page.getByRole("link", { name: "#209,999" }).waitFor();
    const search = page.getByRole("combobox", { name: "Search" });
    await search.pressSequentially("actor:al");

    if (how === "revoked") await node.revoke(name);
    const dialog = page.getByRole("dialog", { name: "Sign in again" });
    await dialog.getByText(how === "revoked" ? "may have been revoked" : "expired at").waitFor();
    await expectAccessible(page);
    await screenshot(page, `sign-in-again-${how}`);
    await node
      .client("main", await node.token(`${name}-writer`, "admin"))
      .append([{ action: "door.opened", actor: { id: how } }]);

    await signIn(page, reader);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await search.inputValue()).toBe("actor:al");
    expect(page.url()).toBe(`${node.url}/live?from=209990`);
    // What came meanwhile is there, and what was there before.
    await page.getByRole("link", { name: "door.opened" }).first().waitFor();
    await page.getByRole("link", { name: `#${(FILLED_EVENTS - 1).toLocaleString("en-US")}` }).waitFor();
    await expectHidden(page, reader);
  });
});
