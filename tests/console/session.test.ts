import type { Page, Route } from "playwright-core";
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

/** Nothing is seen but the question, nor said by a screen reader. */
async function expectCovered(page: Page): Promise<void> {
  const seen = await page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => !element.closest("[role=dialog]") && element.textContent !== "")
      .filter((element) => !element.querySelector("[role=dialog]"))
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => element.outerHTML.slice(0, 200)),
  );
  expect(seen).toEqual([]);
  const said = await page.locator("body").ariaSnapshot();
  expect(said).toMatch(/^- dialog "Sign in again"/);
  expect(said).not.toMatch(/\n- |link|grid/);
  expect(await page.title()).toMatch(/Sign in again · Stele$/);
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
    await expectCovered(page);
    await screenshot(page, `sign-in-again-${how}`);
    await node
      .client("main", await node.token(`${name}-writer`, "admin"))
      .append([{ action: "door.opened", actor: { id: how } }]);

    await signIn(page, reader);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await search.inputValue()).toBe("actor:al");
    await expect.poll(() => page.title()).toMatch(/Live · main · Stele$/);
    await expect.poll(() => search.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(page.url()).toBe(`${node.url}/live?from=209990`);
    // What came meanwhile is there, and what was there before.
    await page.getByRole("link", { name: "door.opened" }).first().waitFor();
    await page.getByRole("link", { name: `#${(FILLED_EVENTS - 1).toLocaleString("en-US")}` }).waitFor();
    await expectHidden(page, reader);
  });

  test("an event that is open on a narrow screen is hidden as well, and is still open afterwards", async () => {
    const token = await node.token("narrow", "reader");
    opened = await browser.open(node, { path: "/?event=5&order=oldest", token, width: 390 });
    opened.allow(REFUSED);
    const { page } = opened;
    await page.getByRole("dialog").getByRole("heading", { name: "Fields" }).waitFor();
    await node.revoke("narrow");
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
    await expectCovered(page);
    await expectAccessible(page);
    await screenshot(page, "sign-in-again-390");
    // It closes what can be closed, which is nothing that is hidden.
    await page.keyboard.press("Escape");
    await signIn(page, reader);
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor({ state: "detached" });
    await page.getByRole("dialog").getByRole("heading", { name: "Fields" }).waitFor();
    expect(new URL(page.url()).searchParams.get("event")).toBe("5");
  });

  test("what the node says late of the last token does not ask for another one again", async () => {
    const [token, next] = [await node.token("late", "admin"), await node.token("next", "admin")];
    opened = await browser.open(node, { path: "/verify", token });
    opened.allow(REFUSED);
    const { page } = opened;
    const held = Promise.withResolvers<Route>();
    await page.route(/\/verification$/, async (route) => {
      if (route.request().method() === "POST") held.resolve(route);
      else await route.continue();
    });
    await page.getByRole("button", { name: "Verify everything now" }).click();
    const late = await held.promise;
    await node.revoke("late");
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
    await signIn(page, next);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await late.continue();
    await page.getByText("It was not started").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.hasAttribute("data-covered"))).toBe(false);
  });
});
