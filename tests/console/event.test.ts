import { cp, mkdtemp, rm } from "node:fs/promises";
import { generateKeyPairSync, sign } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  encodeBase64,
  formatVerifierKey,
  leafHash,
  makeVerifierKey,
  parseNote,
  signNote,
  type NoteSigner,
} from "@stele/proof";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ConsoleNode,
  expectAccessible,
  HAS_CHROMIUM,
  screenshot,
  TestBrowser,
  type ConsolePage,
} from "./harness/index.ts";

/** Of the first part of the log, which is sealed and under cosigned checkpoints. */
const INDEX = 70_123;
const CLAIM = /\/v1\/logs\/main\/events\/\d+\?proof=1$/;

/** What a node answers, as far as a test changes it. */
interface ClaimBody {
  leaf_hash: string;
  entry_bytes: string;
  proof: { leaf_index: number; tree_size: number; hashes: string[]; checkpoint: string };
}

describe.skipIf(!HAS_CHROMIUM)("an event and its proof", () => {
  let browser: TestBrowser;
  let node: ConsoleNode;
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    [browser, node] = await Promise.all([TestBrowser.start(), ConsoleNode.start({ witnesses: 2 })]);
    // Something new, so that there is a checkpoint to be cosigned.
    await node.client().append([{ action: "document.read", actor: { id: "alice" } }]);
    while ((await node.client().info()).witnessedSize !== 210_001) await sleep(50);
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
  });

  beforeEach(async () => {
    opened = await browser.open(node, { path: "/verify" });
    ({ page } = opened);
  });

  afterEach(async () => await opened.close());

  const show = async (index = INDEX) => {
    await page.goto(`${node.url}/event/main/${index}`);
    return await result(page);
  };

  test("is proven, by a key on first use and then by one that is known", async () => {
    expect(await show()).toEqual({ verdict: "first-use", step: undefined });
    expect(await states(page)).toEqual({
      entry: "passed",
      leaf: "passed",
      path: "passed",
      root: "passed",
      signature: "remark",
      cosignatures: "passed",
      consistency: "passed",
    });
    expect(await page.locator("[data-cosigner=valid]").count()).toBe(2);
    await expectAccessible(page);
    expect(await show(INDEX + 1)).toEqual({ verdict: "proven", step: undefined });
    await expectAccessible(page);
  });

  test("is proven by a key that a person pinned, and not by another one", async () => {
    await show();
    const { vkey } = await node.client().info();
    await pin(page, vkey);
    expect(await stepText(page, "signature")).toContain("You pinned");
    expect(await result(page)).toEqual({ verdict: "proven", step: undefined });
    await pin(page, formatVerifierKey(newSigner(vkey.split("+")[0]!).key));
    expect(await result(page)).toEqual({ verdict: "failed", step: "signature" });
  });

  test("is held to the witnesses and the quorum that a person pinned", async () => {
    await show();
    const { vkey } = await node.client().info();
    await pin(page, node.witnesses!.policyText(2, `log ${vkey}\n`));
    expect(await result(page)).toEqual({ verdict: "proven", step: undefined });
    expect(await stepText(page, "cosignatures")).toContain("pinned policy");
    const others = `log ${vkey}\nwitness other ${cosignerKey()}\nquorum other\n`;
    await pin(page, others);
    expect(await result(page)).toEqual({ verdict: "failed", step: "cosignatures" });
  });

  describe("tampered with on the way", () => {
    const cases: readonly [string, string, (claim: ClaimBody) => void][] = [
      ["a byte of the entry", "leaf", (claim) => (claim.entry_bytes = withOtherByte(claim.entry_bytes))],
      [
        "a byte of the entry, with its leaf hash",
        "root",
        (claim) => {
          claim.entry_bytes = withOtherByte(claim.entry_bytes);
          claim.leaf_hash = encodeBase64(leafHash(Buffer.from(claim.entry_bytes, "base64")));
        },
      ],
      ["the leaf hash", "leaf", (claim) => (claim.leaf_hash = flipped(claim.leaf_hash))],
      ["a hash of the path", "root", ({ proof }) => (proof.hashes[3] = flipped(proof.hashes[3]!))],
      ["a hash of the path is missing", "path", ({ proof }) => void proof.hashes.pop()],
      [
        "the root of the checkpoint",
        "root",
        ({ proof }) => (proof.checkpoint = changeLine(proof.checkpoint, 2, flipped)),
      ],
      [
        "the log's signature",
        "signature",
        ({ proof }) => (proof.checkpoint = changeLine(proof.checkpoint, 4, flippedSignature)),
      ],
      [
        "a cosignature",
        "cosignatures",
        ({ proof }) => (proof.checkpoint = changeLine(proof.checkpoint, 5, flippedSignature)),
      ],
      ["no checkpoint at all", "root", ({ proof }) => (proof.checkpoint = "nothing")],
      ["no base64", "entry", (claim) => (claim.entry_bytes = "<b>")],
      ["65,536 bytes", "entry", (claim) => (claim.entry_bytes = "A".repeat(87_384))],
      ["the index of another entry", "entry", ({ proof }) => (proof.leaf_index = 3)],
    ];

    test.each(cases)("%s: fails at the step %s", async (_, step, change) => {
      await page.route(CLAIM, async (route) => {
        const claim: ClaimBody = await (await route.fetch()).json();
        change(claim);
        await route.fulfill({ json: claim });
      });
      expect(await show()).toEqual({ verdict: "failed", step });
      expect(await page.locator("[role=alert]", { hasText: "NOT proven" }).count()).toBe(1);
      await expectAccessible(page);
    });

    test("another entry's answer: fails at the entry", async () => {
      await page.route(CLAIM, async (route) => {
        const url = route.request().url().replace(String(INDEX), "17");
        await route.fulfill({ response: await route.fetch({ url }) });
      });
      expect(await show()).toEqual({ verdict: "failed", step: "entry" });
    });

    test("another entry in the place of this one: fails at the root", async () => {
      await page.route(CLAIM, async (route) => {
        const other = await route.fetch({ url: route.request().url().replace(String(INDEX), "17") });
        const [claim, right]: ClaimBody[] = [await other.json(), await (await route.fetch()).json()];
        claim!.proof.leaf_index = INDEX;
        claim!.proof.hashes = right!.proof.hashes;
        await route.fulfill({ json: claim });
      });
      expect(await show()).toEqual({ verdict: "failed", step: "root" });
    });

    test("half of an answer: is not proven, and says why", async () => {
      await page.route(CLAIM, async (route) => {
        const text = await (await route.fetch()).text();
        await route.fulfill({ body: text.slice(0, text.length / 2), contentType: "application/json" });
      });
      expect(await show()).toEqual({ verdict: "failed", step: "entry" });
      expect(await stepText(page, "entry")).toContain("response_malformed");
    });

    test("another key, which no statement declares: fails at the signature", async () => {
      expect((await show()).verdict).toBe("first-use");
      const signer = newSigner((await node.client().info()).origin);
      await page.route(CLAIM, async (route) => {
        const claim: ClaimBody = await (await route.fetch()).json();
        const { text } = parseNote(Buffer.from(claim.proof.checkpoint));
        claim.proof.checkpoint = Buffer.from(await signNote(text, [signer])).toString();
        await route.fulfill({ json: claim });
      });
      await page.route(/\/keys$/, async (route) => {
        const keys: { vkey: string } = await (await route.fetch()).json();
        await route.fulfill({ json: { ...keys, vkey: formatVerifierKey(signer.key) } });
      });
      expect(await show()).toEqual({ verdict: "failed", step: "signature" });
      expect(await stepText(page, "signature")).toContain(formatVerifierKey(signer.key));
    });

    test("an older checkpoint that the log had is told, and is no failure", async () => {
      const old = await (await fetch(`${node.url}/v1/logs/main/events/${INDEX}?proof=1`)).text();
      const { treeSize } = await node.client().append([{ action: "document.read", actor: { id: "bob" } }]);
      while (((await node.client().info()).witnessedSize ?? 0) < treeSize) await sleep(50);
      expect((await show(treeSize - 1)).verdict).toBe("first-use");
      await page.route(CLAIM, (route) => route.fulfill({ body: old, contentType: "application/json" }));
      expect(await show()).toEqual({ verdict: "proven", step: undefined });
      expect(await states(page)).toMatchObject({ consistency: "remark" });
    });
  });

  test("a key that was replaced as it should be is followed", async () => {
    opened.allow(/404/);
    await page.goto(`${node.url}/event/empty/0`);
    await page.getByText("There is no event #0").waitFor();
    const client = node.client("empty");
    await client.append([{ action: "document.read", actor: { id: "alice" } }]);
    await page.goto(`${node.url}/event/empty/0`);
    expect((await result(page)).verdict).toBe("first-use");
    await client.rotateKey((await client.info()).vkey);
    await client.append([{ action: "document.read", actor: { id: "alice" } }]);
    await page.goto(`${node.url}/event/empty/1`);
    expect(await result(page)).toEqual({ verdict: "proven", step: undefined });
    expect(await stepText(page, "signature")).toContain("It follows the key");
  });

  test("the path is walked with the keys, and each hash told in full", async () => {
    await show();
    const nodes = page.getByRole("group", { name: "Nodes" }).getByRole("button");
    await nodes.first().focus();
    for (const key of ["End", "ArrowUp", "Home", "ArrowDown"]) await page.keyboard.press(key);
    const label = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(label).toMatch(/^[0-9a-f]{8}: (Node|Sibling) .* entries /);
    expect(await page.locator("figcaption").textContent()).toMatch(
      new RegExp(`${label!.slice(0, 8)}[0-9a-f]{56}`),
    );
  });

  test("the proof is saved as a file that stands by itself", async () => {
    await show();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: ".tlog-proof" }).click();
    expect((await download).suggestedFilename()).toBe(`main-${INDEX}.tlog-proof`);
  });

  test("what stands around an event is one click away", async () => {
    await show();
    await page.getByRole("link", { name: "Same actor" }).click();
    await page.waitForURL(/\/\?.*q=actor/);
    expect(new URL(page.url()).searchParams.get("event")).toBe(String(INDEX));
  });

  test("what is not there is said, and what can't be: that the node hides it", async () => {
    await page.goto(`${node.url}/event/main/99999999`);
    await page.getByText("There is no event #99,999,999").waitFor();
    await show();
    await page.route(CLAIM, (route) =>
      route.fulfill({ status: 404, json: { error: { code: "entry_unknown", message: "none" } } }),
    );
    opened.allow(/404/);
    await page.goto(`${node.url}/event/main/5`);
    await page.getByText("The node has lost this event, or hides it").waitFor();
  });

  test("is copied exactly, and says what can't be seen in it", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const id = "invoice\u202egnp.exe";
    const { receipts } = await node.client().append([{ action: "file.sent", actor: { id } }]);
    await show(receipts[0]!.index);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Copy action" }).click();
    await expect.poll(copied).toBe("file.sent");
    await page.mouse.move(0, 0);
    await page.getByRole("tooltip").waitFor({ state: "detached" });
    const button = page.getByRole("button", { name: "Copy actor, which has 1 character that can’t be seen" });
    await button.click();
    await expectAccessible(page);
    await screenshot(page, "copy-hidden-1280-light");
    await page.getByRole("menuitem", { name: /^As it is, with 1 character/ }).click();
    await expect.poll(copied).toBe(id);
    await page.getByRole("button", { name: "Copied, with 1 character that can’t be seen" }).waitFor();
    await button.press("Enter");
    await page.getByRole("menuitem", { name: /^As it is shown/ }).click();
    await expect.poll(copied).toBe("invoice\\u{202e}gnp.exe");
  });

  describe("hostile text", () => {
    const EVIL = [
      `<script>window.__xss=1</script><img src=x onerror="window.__xss=1">`,
      `javascript:window.__xss=1//`,
      `"><svg/onload=window.__xss=1>`,
      `\u202Egnp.exe\u2066 \u0001\u200B`,
      `'-alert(1)-'{{constructor.constructor('window.__xss=1')()}}`,
    ] as const;
    const [script, url, svg, bidi, template] = EVIL;
    const hostile = `{"action":"user.created","actor":{"type":${q(script)},"id":${q(svg)},"name":${q(bidi)},"__proto__":{"x":${q(script)}},"constructor":${q(template)}},"on_behalf_of":{"id":${q(url)}},"targets":[{"type":${q(url)},"id":${q(script)},"name":${q(svg)},"toString":1}],"context":{"user_agent":${q(script)},"request_id":${q(url)},"trace_id":${q(svg)},"session_id":${q(bidi)},"location":${q(template)}},"outcome":"success","reason":${q(EVIL.join(" "))},"changes":[{"field":${q(script)},"old":${q(script)},"new":${q(svg)}},{"field":"__proto__","old":{"__proto__":${q(script)}},"new":[${q(url)}]},{"field":${q(bidi)},"new":${q("word ".repeat(2_000))}}],"tenant":${q(svg)},"source":{"id":${q(script)}},"metadata":{"__proto__":${q(script)},"constructor":{"prototype":${q(svg)}},${q(script)}:${q(url)},"hasOwnProperty":null,"long":${q("<b>\u202E".repeat(3_000))}}}`;

    test("is shown as text, wherever it stands", async () => {
      const { receipts } = await node.client().append([hostile]);
      expect((await show(receipts[0]!.index)).verdict).toBe("first-use");
      await unfoldAll(page);
      const text = await page.locator("main").innerText();
      for (const part of [script, url, svg, template, "\\u{202e}gnp.exe\\u{2066}", "__proto__"]) {
        expect(text).toContain(part);
      }
      await expectUnharmed(page);
      await page.getByText("Hex", { exact: true }).click();
      await page.getByText("00000010").first().waitFor();
      await expectAccessible(page);
    });

    test("is shown as text beside the table, too", async () => {
      const { receipts } = await node.client().append([hostile]);
      await page.goto(`${node.url}/?event=${receipts[0]!.index}`);
      await result(page);
      await unfoldAll(page);
      await expectUnharmed(page);
    });

    test("of any depth and shape, in an answer that nothing proves", async () => {
      const deep = `${'{"__proto__":['.repeat(50)}${q(script)}${"]}".repeat(50)}`;
      const entry = hostile.replace('"metadata":{', `"metadata":{"deep":${deep},`);
      const whole = `{"v":1,"id":"x","occurred_at":"now","received_at":${q(script)},${entry.slice(1)}`;
      for (const bytes of [whole, whole.replaceAll('"', "'"), "[".repeat(60_000), "\u0000\uFEFF", "{}", ""]) {
        await page.route(CLAIM, async (route) => {
          const claim: ClaimBody = await (await route.fetch()).json();
          claim.entry_bytes = Buffer.from(bytes).toString("base64");
          await route.fulfill({ json: claim });
        });
        expect(await show()).toEqual({ verdict: "failed", step: "leaf" });
        await unfoldAll(page);
        await expectUnharmed(page);
        await page.unroute(CLAIM);
      }
    });
  });
});

describe.skipIf(!HAS_CHROMIUM)("a log that was put back", () => {
  test("is found by who looked before: the proof fails at the checkpoint seen", async () => {
    const [browser, node] = await Promise.all([TestBrowser.start(), ConsoleNode.start()]);
    const backup = await mkdtemp(join(tmpdir(), "stele-console-backup-"));
    try {
      await node.kill();
      await cp(node.data, backup, { recursive: true });
      await node.restart();
      const { treeSize } = await node.client().append([{ action: "document.read", actor: { id: "alice" } }]);
      const opened = await browser.open(node, { path: `/event/main/${treeSize - 1}` });
      opened.allow(/Failed to load resource|ERR_/);
      expect((await result(opened.page)).verdict).toBe("first-use");
      await node.kill();
      await rm(node.data, { recursive: true });
      await cp(backup, node.data, { recursive: true });
      await node.restart();
      await opened.page.goto(`${node.url}/event/main/${INDEX}`);
      expect(await result(opened.page)).toEqual({ verdict: "failed", step: "consistency" });
      expect(await stepText(opened.page, "consistency")).toContain("Rollback");
      expect(await opened.page.getByRole("button", { name: "Checkpoint seen before" }).count()).toBe(1);
      // Then it goes on in another way.
      await node.client().append([{ action: "document.read", actor: { id: "mallory" } }]);
      await opened.page.goto(`${node.url}/event/main/${treeSize - 1}`);
      expect(await result(opened.page)).toEqual({ verdict: "failed", step: "consistency" });
      expect(await stepText(opened.page, "consistency")).toContain("Split view");
      await opened.close();
    } finally {
      await browser.close();
      await node.close();
      await rm(backup, { recursive: true, force: true });
    }
  });
});

/** What the line above an event says, once it says something. */
async function result(page: Page): Promise<{ verdict: string | null; step: string | undefined }> {
  const line = page.locator("[data-verdict]");
  await line.waitFor();
  return {
    verdict: await line.getAttribute("data-verdict"),
    step: (await line.getAttribute("data-step")) ?? undefined,
  };
}

async function states(page: Page): Promise<Record<string, string>> {
  const steps = await page
    .locator("li[data-step]")
    .evaluateAll((items) => items.map((item) => [item.dataset["step"] ?? "", item.dataset["state"] ?? ""]));
  return Object.fromEntries(steps) as Record<string, string>;
}

async function stepText(page: Page, step: string): Promise<string> {
  return await page.locator(`li[data-step=${step}]`).innerText();
}

/** Waits until what was shown before is gone: it is about what was trusted before. */
async function pin(page: Page, text: string): Promise<void> {
  const before = await stepText(page, "signature");
  const cosigned = await stepText(page, "cosignatures");
  await page.getByRole("button", { name: "The log's key…" }).click();
  await page.getByLabel("Pin a key or a policy").fill(text);
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await page.waitForFunction(
    ([signature, cosignatures]) =>
      document.querySelector<HTMLElement>("li[data-step=signature]")?.innerText !== signature ||
      document.querySelector<HTMLElement>("li[data-step=cosignatures]")?.innerText !== cosignatures,
    [before, cosigned] as const,
  );
}

async function unfoldAll(page: Page): Promise<void> {
  const view = page.locator("[data-event]");
  const closed = view.locator("button[aria-expanded=false]");
  for (let i = 0; i < 150 && (await closed.count()) > 0; i++) await closed.first().click();
}

async function expectUnharmed(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: Reflect.get(globalThis, "__xss") as unknown,
    polluted: Object.getOwnPropertyNames(Object.prototype).includes("x"),
    links: [...document.querySelectorAll("a[href], [src], form[action], [action]")]
      .map((element) => element.getAttribute("href") ?? element.getAttribute("src") ?? "action")
      .filter((link) => !/^(\/|#|data:image\/svg|https?:\/\/127\.0\.0\.1)/.test(link)),
    elements: document.querySelectorAll("main script, main img, main iframe, main b").length,
  }));
  expect(found).toEqual({ ran: undefined, polluted: false, links: [], elements: 0 });
}

/** As JSON, and never ending a script. */
function q(text: string): string {
  return JSON.stringify(text);
}

function withOtherByte(base64: string): string {
  return Buffer.from(
    Buffer.from(base64, "base64")
      .toString()
      .replace(/"id":"(.)/, (_, first: string) => `"id":"${first === "0" ? "1" : "0"}`),
  ).toString("base64");
}

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString("base64");
}

function flippedSignature(line: string): string {
  const space = line.lastIndexOf(" ");
  return `${line.slice(0, space)} ${flipped(line.slice(space + 1))}`;
}

function changeLine(text: string, number: number, change: (line: string) => string): string {
  return text
    .split("\n")
    .map((line, i) => (i === number ? change(line) : line))
    .join("\n");
}

function newSigner(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return { key: makeVerifierKey(name, 1, raw), sign: (text) => sign(null, text, privateKey) };
}

function cosignerKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return formatVerifierKey(makeVerifierKey("other.example", 4, raw));
}
