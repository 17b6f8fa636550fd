import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatVerifierKey } from "@stele/proof";
import artefacts from "../../proof/vectors/artefacts.json" with { type: "json" };
import {
  evidenceLog,
  hostileEvidence,
  testEvidence,
  testPolicy,
  textOfEvidence,
} from "../../proof/src/testing/test-evidence.ts";
import { buildPage } from "./build-page.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const committed = new URL("../../server/assets/verify.html", import.meta.url);
const vkey = formatVerifierKey(evidenceLog.signer.key);
const bundle = textOfEvidence(await testEvidence([3, 4, 5, 60, 99]));

test("the page that the node serves is what the source makes: npm run build:verifier", async () => {
  expect(await readFile(committed, "utf8")).toBe(await buildPage());
});

// Where there is no Chromium, what runs in it can't be tested.
describe.skipIf(!existsSync(CHROMIUM))("in a browser without a network, from a file", () => {
  let browser: Browser;
  let directory: string;
  let page: Page;
  /** What the browser complains of, and whatever it tries to fetch. */
  let complaints: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "stele-page-"));
    await writeFile(join(directory, "verify.html"), await readFile(committed));
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-background-networking"],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    const context = await browser.newContext({ offline: true });
    page = await context.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!/^(file:.*\/verify\.html|data:,)$/.test(request.url())) complaints.push(request.url());
    });
    await page.goto(`file://${directory}/verify.html`);
  });

  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  /** Gives the page a file, and returns what it says of it. */
  async function give(name: string, bytes: string | Buffer, trusted = ""): Promise<string> {
    await writeFile(join(directory, name), bytes);
    await page.reload();
    await page.fill("#trusted", trusted);
    await page.locator("#trusted").blur();
    await page.setInputFiles("#file", join(directory, name));
    await page.waitForSelector("#result > section");
    return await page.innerText("#result");
  }

  test.each([
    ["a key", vkey],
    ["a policy", testPolicy],
    ["a policy with line ends of Windows", testPolicy.replaceAll("\n", "\r\n")],
  ])("a good bundle, trusting %s", async (_what, trusted) => {
    const text = await give("good.stele-evidence", gzipSync(bundle), trusted);
    expect(text).toContain("Verified with the key that you trust");
    expect(text).toMatch(/Proven\s+5 entries, byte for byte/);
    expect(text).toMatch(/Of the source door, the numbers 1 to 33; 30 of them are not here/);
    expect(text).toMatch(/Only declared[\s\S]*Exported by auditor/);
    expect(await page.locator(".entries tbody tr:not([hidden])").count()).toBe(5);
    expect(await page.locator(".banner.good").count()).toBe(1);
    const isPolicy = trusted !== vkey;
    expect(await page.locator(".signatures tr.good").count()).toBe(isPolicy ? 3 : 1);
    expect(await page.locator(".signatures tr.caution").count()).toBe(isPolicy ? 0 : 2);
    const lists = await page.locator(".part:has(ul)").allInnerTexts();
    expect(lists.findIndex((list) => list.includes("Cosigned by"))).toBe(isPolicy ? 0 : 1);
  });

  test("a good bundle, trusting nothing: nothing looks proven", async () => {
    const text = await give("good.stele-evidence", gzipSync(bundle));
    expect(text).toContain("Checked only against the key that the file itself states");
    expect(text).not.toContain("Proven");
    expect(await page.locator(".good").count()).toBe(0);
    await page.fill("#trusted", vkey);
    await page.locator("#trusted").blur();
    await page.waitForSelector(".banner.good");
  });

  test.each([
    ["another entry", bundle.replace("door.opened", "door.closed"), "inclusion_not_proven"],
    ["another index", bundle.replace('"index":60', '"index":61'), "inclusion_not_proven"],
    ["another root", bundle.replace(/(\\n100\\n)./, "$1A"), "note_signature_wrong"],
    ["another claim", bundle.replace('"missing":30', '"missing":0'), "evidence_claim_wrong"],
    ["its end cut off", bundle.slice(0, -1), "evidence_malformed"],
  ])("a bundle with %s", async (_what, text, code) => {
    expect(text).not.toBe(bundle);
    expect(await give("bad.stele-evidence", gzipSync(text), vkey)).toContain(code);
    expect(await page.locator(".banner.bad").count()).toBe(1);
    expect(await page.locator(".entries").count()).toBe(0);
  });

  test("broken gzip, a bomb, and what is no bundle", async () => {
    const whole = gzipSync(bundle);
    expect(await give("cut.stele-evidence", whole.subarray(0, 300))).toContain("evidence_malformed");
    const bomb = gzipSync(Buffer.alloc(80 << 20));
    expect(await give("bomb.stele-evidence", bomb)).toContain("evidence_malformed");
    expect(await give("photo.jpg", "ÿØÿ")).toContain("file_unknown");
    expect(await give("good.stele-evidence", whole, "what?")).toContain("trust_malformed");
  });

  test("another key is refused", async () => {
    const other = artefacts.witnessKeys[0]!;
    expect(await give("good.stele-evidence", gzipSync(bundle), other)).toContain("trust_malformed");
    const log = "log.example/other+9a0a4a3c+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
    expect(await give("good.stele-evidence", gzipSync(bundle), log)).toMatch(/Code: /);
    expect(await page.locator(".banner.good").count()).toBe(0);
  });

  test("entries that want to be HTML, scripts or another direction of text stay text", async () => {
    const text = await give("xss.stele-evidence", gzipSync(textOfEvidence(await hostileEvidence())), vkey);
    expect(text).toContain("Verified with the key that you trust");
    expect(text).toContain("<img src=x onerror=alert(1)>");
    expect(text).toContain(String.raw`\u{202e}`);
    for (const button of await page.locator(".entries td button").all()) await button.press("Enter");
    expect(await page.locator(".entries .bytes:not([hidden])").count()).toBe(4);
    expect(await page.locator("img, iframe, #result script, #result a, #result style").count()).toBe(0);
  });

  test("a file name that wants to be HTML", async () => {
    await give("<img src=x onerror=alert(1)>.stele-evidence", gzipSync(bundle), vkey);
    expect(await page.locator("img").count()).toBe(0);
  });

  test("a tlog-proof needs a key", async () => {
    const proof = artefacts.tlogProof.replace(
      /extra .*/,
      `extra ${Buffer.from(artefacts.tlogProofEntry).toString("base64")}`,
    );
    expect(await give("e.tlog-proof", proof)).toContain("key_needed");
    const text = await give("e.tlog-proof", proof, artefacts.logKey);
    expect(text).toMatch(/Verified[\s\S]*Entry 123 is in the log/);
    const wrong = proof.replace("index 123", "index 124");
    expect(await give("e.tlog-proof", wrong, artefacts.logKey)).toContain("inclusion_not_proven");
  });

  test("all of it by keyboard, with names for those who don't see it", async () => {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("trusted");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("file");
    await page.getByLabel("What you trust").fill(vkey);
    await writeFile(join(directory, "k.stele-evidence"), gzipSync(bundle));
    await page.getByLabel("The file").setInputFiles(join(directory, "k.stele-evidence"));
    await page.getByRole("status").waitFor();
  });

  test("the page can't connect to anything", async () => {
    const outcome = await page.evaluate(() =>
      fetch("https://example.com/").then(
        () => "fetched",
        () => "refused",
      ),
    );
    expect(outcome).toBe("refused");
    expect(complaints.join("\n")).toContain("Content Security Policy");
    complaints = [];
  });
});
