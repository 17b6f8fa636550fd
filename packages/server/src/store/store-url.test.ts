import { describe, expect, it } from "vitest";
import { openStore } from "./open-store.ts";
import { parseEndpoint, parseStoreUrl } from "./store-url.ts";

describe("the URL of a store", () => {
  it("names a part of a bucket", () => {
    expect(parseStoreUrl("--journal", "s3://bucket")).toEqual({ kind: "s3", bucket: "bucket", prefix: "" });
    expect(parseStoreUrl("--journal", "s3://bucket/")).toMatchObject({ prefix: "" });
    expect(parseStoreUrl("--journal", "s3://my.bucket/a/b/")).toMatchObject({
      bucket: "my.bucket",
      prefix: "a/b/",
    });
  });

  it("tells how to get there", () => {
    const text =
      "s3://b-1/p?endpoint=http://one:7480,https://two&region=eu-west-1&profile=audit&vault=b-2/q/r";
    expect(parseStoreUrl("--mirror", text)).toEqual({
      kind: "s3",
      bucket: "b-1",
      prefix: "p/",
      endpoints: [new URL("http://one:7480"), new URL("https://two")],
      region: "eu-west-1",
      profile: "audit",
      vault: { bucket: "b-2", prefix: "q/r/" },
    });
  });

  it("names a directory", () => {
    expect(parseStoreUrl("--journal", "file:///srv/stele/")).toEqual({
      kind: "file",
      directory: "/srv/stele",
    });
    expect(parseStoreUrl("--journal", "file:///srv/with%20space")).toMatchObject({
      directory: "/srv/with space",
    });
  });

  it.each([
    "",
    "bucket/prefix",
    "/srv/stele",
    "https://bucket.example",
    "s3:bucket",
    "s3://",
    "s3:///prefix",
    "s3://b",
    "s3://bucket:9000/p",
    "s3://bucket/a//b",
    "s3://bucket/.a",
    "s3://bucket/a b",
    "s3://bucket/p#x",
    "s3://bucket?endpoint=",
    "s3://bucket?endpoint=localhost:7480",
    "s3://bucket?endpoint=http://host/path",
    "s3://bucket?endpoint=http://host,",
    "s3://bucket?region=a&region=b",
    "s3://bucket?vault=a//b",
    "file://host/srv",
    "file:///srv?endpoint=http://host",
    "file:///a%00b",
    "file:///a%2Fb",
  ])("is not %j", (text) => {
    expect(() => parseStoreUrl("--journal", text)).toThrow(
      expect.objectContaining({
        code: "store_url_invalid",
        message: expect.stringMatching(/^--journal.*: /) as string,
      }),
    );
  });

  it.each([
    "s3://key:hunter2@bucket/p",
    "s3://hunter2@bucket/p",
    "s3://key:hunter2@buck et/p",
    "s3://bucket/p?secret_access_key=hunter2",
    "s3://bucket/p?endpoint=http://key:hunter2@host",
    "https://key:hunter2@host",
  ])("has no credentials in it, and no message has them: %s", (text) => {
    const error = thrownBy(() => parseStoreUrl("--journal", text));
    expect(error).toMatchObject({ code: "store_url_invalid" });
    expect(error.message).not.toContain("hunter2");
  });

  it("tells where credentials belong", () => {
    expect(thrownBy(() => parseStoreUrl("--vault", "s3://a:b@bucket")).message).toMatch(
      /^--vault .*AWS_ACCESS_KEY_ID/,
    );
    expect(thrownBy(() => parseEndpoint("--s3-endpoint", "http://a:b@host")).message).toMatch(
      /^--s3-endpoint .*AWS_ACCESS_KEY_ID/,
    );
  });
});

describe("opening a store", () => {
  const lock = { mode: "compliance", required: true } as const;
  const open = (journal: string, vault?: string, endpoints?: string[]) =>
    openStore({
      journal,
      ...(vault !== undefined && { vault }),
      s3: { ...(endpoints && { endpoints }) },
      lock,
      timeoutMs: 1_000,
    });

  it("puts the vault where the journal is, or where it was told", () => {
    expect(open("s3://bucket/p").place).toBe("s3://bucket/p");
    expect(open("s3://bucket/p").objects("main").place).toBe("s3://bucket/p/logs/main");
    expect(open("s3://bucket/p").vault("main").place).toBe("s3://bucket/p/logs/main/vault");
    expect(open("s3://one", "s3://two/q").vault("main").place).toBe("s3://two/q/logs/main/vault");
    expect(open("s3://one/p?vault=two/q").vault("main").place).toBe("s3://two/q/logs/main/vault");
    expect(open("file:///a", "file:///b").vault("main").place).toBe("/b/logs/main/vault");
  });

  it("refuses what contradicts itself", () => {
    const invalid = expect.objectContaining({ code: "store_url_invalid" });
    expect(() => open("file:///a", "s3://bucket")).toThrow(invalid);
    expect(() => open("s3://one?vault=two", "s3://three")).toThrow(invalid);
    expect(() => open("s3://one", undefined, ["localhost"])).toThrow(
      expect.objectContaining({ message: expect.stringMatching("^--s3-endpoint") as string }),
    );
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
