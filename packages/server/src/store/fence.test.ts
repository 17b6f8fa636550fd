import { expect, it } from "vitest";
import { formatCommit } from "./commit.ts";
import { fencedError, formatFence, parseFence } from "./fence.ts";
import { unsignedCommit } from "./testing/commits.ts";

const fence = { origin: "audit.example/logs/main", start: 512, successor: "s3://mirror/stele" };

it("gives back what was formatted, and names both places to whoever meets it", () => {
  const bytes = formatFence(fence);
  expect(Buffer.from(bytes).toString()).toBe(
    '{"fence":{"origin":"audit.example/logs/main","start":512,"successor":"s3://mirror/stele"}}\n',
  );
  expect(parseFence(bytes)).toEqual(fence);
  expect(fencedError(fence, "s3://old")).toMatchObject({
    code: "log_fenced",
    message: expect.stringMatching(/s3:\/\/old.*512.*s3:\/\/mirror\/stele/),
  });
});

it("takes no commit for a fence", () => {
  expect(parseFence(Buffer.concat(formatCommit(unsignedCommit(0, 3))))).toBeUndefined();
  expect(parseFence(Buffer.alloc(0))).toBeUndefined();
});

it("refuses what only begins like one", () => {
  const text = Buffer.from(formatFence(fence)).toString();
  for (const wrong of [
    text.trimEnd(),
    `${text}\n`,
    text.replace("512", "-1"),
    text.replace(":512", ": 512"),
  ]) {
    expect(() => parseFence(Buffer.from(wrong))).toThrow(
      expect.objectContaining({ code: "fence_malformed" }),
    );
  }
});
