import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccessPolicy, assertSafeToListen, isLoopback } from "./access-policy.ts";
import { ROLES, type Role } from "./role.ts";
import { createToken } from "./token-file.ts";
import { TokenStore } from "./tokens.ts";

let directory: string;
let path: string;
let nowMs: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-access-"));
  path = join(directory, "tokens.json");
  nowMs = 0;
});
afterEach(() => rm(directory, { recursive: true }));

const store = () => new TokenStore(path, () => 0);

async function make(role: Role, expiresAt?: Date): Promise<string> {
  const created = { name: role, role, createdAt: new Date(0), expiresAt, randomBytes };
  const { token } = await createToken(path, created);
  return token;
}

function refusal(code: string) {
  return expect.objectContaining({ code });
}

describe("without tokens, on a loopback address", () => {
  const own = { host: "127.0.0.1:8080" };

  it.each(["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8080"])(
    "answers Host %s",
    (host) => {
      expect(new AccessPolicy("127.0.0.1", store(), () => nowMs).admit({ host }, "admin")).toBeUndefined();
    },
  );

  it.each([
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "[::1",
    "10.0.0.1",
  ])("does not answer Host %s", (host) => {
    const headers = host === undefined ? {} : { host };
    expect(() => new AccessPolicy("::1", store(), () => nowMs).admit(headers, undefined)).toThrow(
      refusal("host_not_allowed"),
    );
  });

  it("answers its own pages only", () => {
    const policy = new AccessPolicy("localhost", store(), () => nowMs);
    expect(policy.admit({ ...own, origin: "http://127.0.0.1:8080" }, "admin")).toBeUndefined();
    for (const origin of ["null", "http://evil.example", "http://127.0.0.1:9090", "http://localhost:8080"]) {
      expect(() => policy.admit({ ...own, origin }, "admin")).toThrow(refusal("origin_not_allowed"));
    }
  });

  it.each([
    ["an image of another site", "cross-site", "no-cors", "image"],
    ["a script of another port", "same-site", "no-cors", "script"],
    ["a frame in another site", "cross-site", "navigate", "iframe"],
    ["a request of another site's script", "cross-site", "no-cors", "empty"],
  ])("does not answer %s, which has no Origin", (_, site, mode, dest) => {
    const headers = { ...own, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest };
    const policy = new AccessPolicy("localhost", store(), () => nowMs);
    expect(() => policy.admit(headers, "reader")).toThrow(refusal("origin_not_allowed"));
  });

  it.each([
    ["its own scripts", "same-origin", "cors", "empty"],
    ["who typed the address in", "none", "navigate", "document"],
    ["who follows a link", "cross-site", "navigate", "document"],
  ])("answers %s", (_, site, mode, dest) => {
    const headers = { ...own, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest };
    const policy = new AccessPolicy("localhost", store(), () => nowMs);
    expect(policy.admit(headers, "reader")).toBeUndefined();
  });
});

describe("with tokens", () => {
  it("admits each role to what it is for", async () => {
    const tokens = { writer: await make("writer"), reader: await make("reader"), admin: await make("admin") };
    const policy = new AccessPolicy("127.0.0.1", store(), () => nowMs);
    const allowed = ROLES.flatMap((held) =>
      ROLES.filter((needed) => {
        const headers = { authorization: `Bearer ${tokens[held]}` };
        if (held === "admin" || held === needed) return policy.admit(headers, needed)?.role === held;
        expect(() => policy.admit(headers, needed)).toThrow(refusal("role_insufficient"));
        return false;
      }).map((needed) => `${held} ${needed}`),
    );
    expect(allowed).toEqual([
      "writer writer",
      "reader reader",
      "admin writer",
      "admin reader",
      "admin admin",
    ]);
  });

  it("needs none for what is for anyone", async () => {
    await make("admin");
    const policy = new AccessPolicy("127.0.0.1", store(), () => nowMs);
    expect(policy.admit({ host: "stele.example", origin: "https://x.example" }, undefined)).toBeUndefined();
  });

  it("tells no token from a wrong one, and repeats neither", async () => {
    const token = await make("admin");
    const policy = new AccessPolicy("127.0.0.1", store(), () => nowMs);
    for (const authorization of [undefined, "", "Basic eA==", token, `Token ${token}`]) {
      const headers = authorization === undefined ? {} : { authorization };
      expect(() => policy.admit(headers, "reader")).toThrow(refusal("token_required"));
    }
    const other = `${token.slice(0, -4)}AAAA`;
    expect(() => policy.admit({ authorization: `bearer ${other}` }, "reader")).toThrow(
      expect.objectContaining({ code: "token_unknown", message: expect.not.stringContaining(other) }),
    );
  });
});

describe("a token that expires", () => {
  it("is good until then, and refused from then on, with the time", async () => {
    const headers = { authorization: `Bearer ${await make("reader", new Date(90_000))}` };
    const policy = new AccessPolicy("127.0.0.1", store(), () => nowMs);
    nowMs = 89_999;
    expect(policy.admit(headers, "reader")).toMatchObject({ expires_at: "1970-01-01T00:01:30.000Z" });
    expect(policy.identify(headers)).toMatchObject({ name: "reader" });
    nowMs = 90_000;
    for (const look of [() => policy.admit(headers, "reader"), () => policy.identify(headers)]) {
      expect(look).toThrow(
        expect.objectContaining({
          code: "token_expired",
          message: expect.stringContaining("reader expired at 1970-01-01T00:01:30.000Z"),
        }),
      );
    }
    expect(policy.allows(headers, "reader")).toBe(false);
    expect(policy.tokensRequired).toBe(true);
  });
});

describe("identify", () => {
  it("tells whose token it is, whatever its role, and of no token nothing", async () => {
    expect(new AccessPolicy("127.0.0.1", store(), () => nowMs).identify({ authorization: "Bearer x" })).toBe(
      undefined,
    );
    const token = await make("writer");
    const policy = new AccessPolicy("127.0.0.1", store(), () => nowMs);
    expect(policy.identify({ authorization: `Bearer ${token}` })).toMatchObject({ role: "writer" });
    for (const headers of [{}, { authorization: "Basic eA==" }])
      expect(policy.identify(headers)).toBeUndefined();
    expect(() => policy.identify({ authorization: `Bearer ${token}x` })).toThrow(refusal("token_unknown"));
  });
});

describe("assertSafeToListen", () => {
  it("lets others in only with a token", async () => {
    expect(() => assertSafeToListen("0.0.0.0", store())).toThrow(
      expect.objectContaining({
        code: "tokens_missing",
        message: expect.stringContaining("stele token create --role admin"),
      }),
    );
    expect(() => assertSafeToListen("127.0.0.1", store())).not.toThrow();
    await make("reader");
    expect(() => assertSafeToListen("0.0.0.0", store())).not.toThrow();
  });

  it("requires tokens on any other address even if there are none", () => {
    const policy = new AccessPolicy("0.0.0.0", store(), () => nowMs);
    expect(policy.tokensRequired).toBe(true);
    expect(() => policy.admit({ host: "127.0.0.1" }, "reader")).toThrow(refusal("token_required"));
  });

  it("knows a loopback address", () => {
    expect(["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"].map(isLoopback)).not.toContain(false);
    const others = [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "127.0.0.1.example",
      "localhost.example",
      "",
      "::ffff:10.0.0.1",
    ];
    expect(others.map(isLoopback)).not.toContain(true);
  });
});
