import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConsoleNode, expectAccessible, HAS_CHROMIUM, screenshot, TestBrowser } from "./harness/index.ts";

const PAGES = [
  ["explore", "/"],
  ["event", "/event/main/150000"],
  ["live", "/live?from=209900"],
  ["health", "/health"],
  ["verify", "/verify"],
] as const;
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [1_280, 390] as const;

// Where there is no Chromium, what runs in it can't be tested.
describe.skipIf(!HAS_CHROMIUM)("the pages", () => {
  let node: ConsoleNode;
  let browser: TestBrowser;

  beforeAll(async () => {
    [node, browser] = await Promise.all([ConsoleNode.start({ witnesses: 2 }), TestBrowser.start()]);
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
  });

  const cases = PAGES.flatMap(([name, path]) =>
    WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({ name, path, width, colorScheme }))),
  );

  test.each(cases)("$name, $width px, $colorScheme", async ({ name, path, width, colorScheme }) => {
    const opened = await browser.open(node, { path, width, colorScheme });
    const { page } = opened;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() =>
      // What is below the fold may load once it is looked at.
      [...document.querySelectorAll("[aria-busy=true], .mantine-Skeleton-root")].every(
        (waiting) => waiting.getBoundingClientRect().top >= innerHeight,
      ),
    );
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    await screenshot(page, `${name}-${width}-${colorScheme}`);
    const widths = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(widths).toEqual([width, width]);
    await expectAccessible(page);
    await opened.close();
  });

  test("another origin can't show a page in a frame", async () => {
    const opened = await browser.open(node, { path: "/" });
    await opened.page.goto("about:blank");
    await opened.page.setContent(`<iframe src="${node.url}/"></iframe>`);
    await expect
      .poll(() => opened.page.frames().map((frame) => frame.url()), { timeout: 15_000 })
      .toEqual(["about:blank", "chrome-error://chromewebdata/"]);
    opened.allow(/frame-ancestors 'none'/);
    await opened.close();
  });
});

describe.skipIf(!HAS_CHROMIUM)("what the node serves", () => {
  let node: ConsoleNode;

  beforeAll(async () => {
    node = await ConsoleNode.start();
  });

  afterAll(async () => {
    await node?.close();
  });

  test("the policy of the docs, with a nonce of its own each time", async () => {
    const nonces = new Set<string>();
    for (const path of ["/", "/event/main/1", "/live", "/health", "/verify"]) {
      const { headers, status } = await fetch(`${node.url}${path}`);
      expect([path, status, headers.get("content-type")]).toEqual([path, 200, "text/html; charset=utf-8"]);
      const policy = headers.get("content-security-policy") ?? "";
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      nonces.add(nonce);
      expect(policy.replace(nonce, "N").split("; ")).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-N'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(nonces.size).toBe(5);
    for (const nonce of nonces) expect(Buffer.from(nonce, "base64").length).toBeGreaterThanOrEqual(16);
  });

  test("what is not there is refused in JSON", async () => {
    for (const path of ["/nothing", "/assets/nothing.js", "/index.html", "/live/nothing"]) {
      const response = await fetch(`${node.url}${path}`);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } });
    }
  });

  test("assets never change, and are compressed", async () => {
    const index = await (await fetch(node.url)).text();
    const assets = [...index.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) {
      for (const encoding of ["br", "gzip"]) {
        const { headers } = await fetch(`${node.url}${path}`, { headers: { "accept-encoding": encoding } });
        expect([path, headers.get("content-encoding")]).toEqual([path, encoding]);
        expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
        expect(headers.get("vary")).toContain("accept-encoding");
      }
    }
  });
});
