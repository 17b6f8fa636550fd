import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveNode, type ServedNode } from "./testing/served-node.ts";

const SCRIPT = "console.log('a script')";
let directory: string;
let served: ServedNode;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-console-"));
  await mkdir(join(directory, "assets"));
  await writeFile(
    join(directory, "index.html"),
    '<meta nonce="{{stele-nonce}}"><script nonce="{{stele-nonce}}">',
  );
  await writeFile(join(directory, "assets/main-1.js"), SCRIPT);
  await writeFile(join(directory, "assets/main-1.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(directory, "secret.txt"), "of no known kind");
  served = await serveNode({ consoleDirectory: directory });
  await served.token("reader");
});
afterAll(async () => {
  await served.close();
  await rm(directory, { recursive: true });
});

it.each(["/", "/live", "/health", "/verify", "/event/main/7", "/?q=actor:ann"])(
  "answers %s with the page, to anyone, with a nonce of its own",
  async (path) => {
    const [first, second] = await Promise.all([fetch(served.url + path), fetch(served.url + path)]);
    const policy = first.headers.get("content-security-policy")!;
    const nonce = /'nonce-([^']+)'/.exec(policy)![1]!;
    expect(await first.text()).toBe(`<meta nonce="${nonce}"><script nonce="${nonce}">`);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(first.headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(second.headers.get("content-security-policy")).not.toBe(policy);
  },
);

it("serves what is named by its bytes for good, compressed for those who take that", async () => {
  const compressed = { headers: { "accept-encoding": "gzip, br" } };
  const response = await fetch(`${served.url}/assets/main-1.js`, compressed);
  expect(await response.text()).toBe(SCRIPT);
  expect(response.headers.get("content-encoding")).toBe("br");
  expect(response.headers.get("cache-control")).toContain("immutable");
  const plain = await fetch(`${served.url}/assets/main-1.js`, { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(await plain.text()).toBe(SCRIPT);
});

it.each([
  "/secret.txt",
  "/index.html",
  "/assets/",
  "/assets/..%2Fsecret.txt",
  "/.sources",
  "/event/main",
  "/lives",
])("has nothing at %s", async (path) => {
  const response = await fetch(served.url + path);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: "route_unknown" } });
});

it("says how to build the console where it was not", async () => {
  const bare = await serveNode({ consoleDirectory: join(directory, "none") });
  try {
    expect(await (await fetch(bare.url)).text()).toContain("npm run build:console");
  } finally {
    await bare.close();
  }
});
