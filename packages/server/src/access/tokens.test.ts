import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createToken, revokeToken } from "./token-file.ts";
import { readTokenFile, TokenStore } from "./tokens.ts";
import type { Role } from "./role.ts";

const createdAt = new Date("2026-01-31T12:00:00Z");
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-tokens-"));
  path = join(directory, "data", "tokens.json");
});
afterEach(() => rm(directory, { recursive: true }));

async function make(name: string, role: Role = "reader"): Promise<string> {
  const { token } = await createToken(path, { name, role, createdAt, randomBytes });
  return token;
}

describe("the token file", () => {
  it("keeps the hash of a token, and not the token", async () => {
    const token = await make("ci", "writer");
    expect(token).toMatch(/^stele_[A-Za-z0-9_-]{43}$/);
    const text = await readFile(path, "utf8");
    expect(text).not.toContain(token.slice("stele_".length));
    expect(readTokenFile(path)).toEqual([
      {
        name: "ci",
        role: "writer",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        created_at: "2026-01-31T12:00:00.000Z",
      },
    ]);
    expect((await stat(path)).mode % 0o1000).toBe(0o600);
  });

  it("keeps when a token expires", async () => {
    const expiresAt = new Date("2026-05-01T12:00:00Z");
    await createToken(path, { name: "a", role: "reader", createdAt, expiresAt, randomBytes });
    expect(readTokenFile(path)).toMatchObject([{ name: "a", expires_at: "2026-05-01T12:00:00.000Z" }]);
  });

  it("has a name once", async () => {
    await make("ci");
    await expect(make("ci")).rejects.toMatchObject({ code: "token_name_taken" });
    await expect(make("Not a name")).rejects.toMatchObject({ code: "token_name_malformed" });
    expect(readTokenFile(path)).toHaveLength(1);
  });

  it("forgets a revoked token", async () => {
    await make("a");
    await make("b");
    expect(await revokeToken(path, "a")).toMatchObject({ name: "a" });
    expect(readTokenFile(path).map(({ name }) => name)).toEqual(["b"]);
    await expect(revokeToken(path, "a")).rejects.toMatchObject({ code: "token_name_unknown" });
  });

  it("loses no change of those made at the same time", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
    await Promise.all(names.map((name) => make(name)));
    expect(
      readTokenFile(path)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names);
  });

  it("names the lock that a process left behind", async () => {
    await make("a");
    await writeFile(`${path}.lock`, "");
    await expect(make("b")).rejects.toMatchObject({
      code: "token_file_busy",
      message: expect.stringContaining(`${path}.lock`),
    });
  });

  it.each([
    "",
    "{",
    "[]",
    '{"tokens":[{"name":"a"}]}',
    '{"tokens":[{"name":"a","role":"root","sha256":"","created_at":""}]}',
    `{"tokens":[{"name":"a","role":"reader","sha256":"${"0".repeat(64)}","created_at":"","expires_at":"soon"}]}`,
    `{"tokens":[{"name":"a","role":"reader","sha256":"${"0".repeat(64)}","created_at":"","expires_at":"2026-13-01T00:00:00Z"}]}`,
  ])("refuses %j", async (text) => {
    await make("a");
    await writeFile(path, text);
    expect(() => readTokenFile(path)).toThrow(expect.objectContaining({ code: "token_file_malformed" }));
    await expect(make("b")).rejects.toMatchObject({ code: "token_file_malformed" });
    expect(await readFile(path, "utf8")).toBe(text);
  });
});

describe("TokenStore", () => {
  let nowMs = 0;
  const open = () => new TokenStore(path, () => nowMs);

  it("finds the record of a token, and nothing for anything else", async () => {
    const tokens = [await make("a"), await make("b"), await make("c")];
    const store = open();
    expect(tokens.map((token) => store.find(token)?.name)).toEqual(["a", "b", "c"]);
    const [token = ""] = tokens;
    for (const other of ["", "stele_", token.slice(0, -1), `${token}A`, token.toUpperCase(), ` ${token}`]) {
      expect(store.find(other)).toBeUndefined();
    }
  });

  it("follows the file within a second", async () => {
    const store = open();
    expect(store.required).toBe(false);
    const token = await make("a");
    nowMs += 999;
    expect(store.find(token)).toBeUndefined();
    nowMs += 1;
    expect(store.find(token)?.name).toBe("a");
    await revokeToken(path, "a");
    nowMs -= 3_600_000;
    expect(store.find(token)).toBeUndefined();
  });

  it("does not open up again when the last token is gone", async () => {
    await make("a");
    const store = open();
    expect(store.required).toBe(true);
    await revokeToken(path, "a");
    nowMs += 1_000;
    expect(store.required).toBe(true);
    await rm(path);
    nowMs += 1_000;
    expect(store.required).toBe(true);
  });

  it("lets nobody in while the file is damaged", async () => {
    const token = await make("a");
    const store = open();
    expect(store.find(token)?.name).toBe("a");
    await writeFile(path, "{");
    nowMs += 1_000;
    expect(() => store.find(token)).toThrow(expect.objectContaining({ code: "token_file_malformed" }));
    expect(() => store.required).toThrow(expect.objectContaining({ code: "token_file_malformed" }));
  });

  it.skipIf(process.getuid?.() === 0)("lets nobody in while the file can't be read", async () => {
    const token = await make("a");
    await chmod(path, 0);
    expect(() => open().find(token)).toThrow(expect.objectContaining({ code: "token_file_malformed" }));
  });
});
