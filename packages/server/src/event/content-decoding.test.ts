import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MalformedError } from "@stele/proof";
import { decodeContent } from "./content-decoding.ts";

const BODY = Buffer.from('{"action":"a"}\n'.repeat(1000));
const COMPRESS = { gzip: gzipSync, zstd: zstdCompressSync };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MalformedError) return error.code;
    throw error;
  }
  return "accepted";
}

test("a body that is not encoded is itself, up to the limit", () => {
  expect(decodeContent(BODY, "identity", BODY.length)).toBe(BODY);
  expect(codeOf(() => decodeContent(BODY, "identity", BODY.length - 1))).toBe("body_too_large");
});

describe.each(["gzip", "zstd"] as const)("%s", (encoding) => {
  const compressed = COMPRESS[encoding](BODY);
  const decode = (body: Uint8Array, bytesMax = BODY.length) => decodeContent(body, encoding, bytesMax);

  test("is decoded up to the limit", () => {
    expect(Buffer.compare(decode(compressed), BODY)).toBe(0);
    expect(decode(COMPRESS[encoding](Buffer.alloc(0)))).toHaveLength(0);
    expect(codeOf(() => decode(compressed, BODY.length - 1))).toBe("body_too_large");
  });

  test("of a bomb is given up at the limit", () => {
    const bomb = COMPRESS[encoding](Buffer.alloc(256 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => decode(bomb, 1024 * 1024))).toBe("body_too_large");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  test("cut short anywhere is malformed", () => {
    for (let length = 0; length < compressed.length; length++) {
      expect(codeOf(() => decode(compressed.subarray(0, length)))).toBe("body_malformed");
    }
  });

  test.each([
    ["garbage", Buffer.from("garbage")],
    ["one byte", Buffer.of(1)],
    ["zeroes", Buffer.alloc(8)],
    ["itself again", compressed],
  ])("with %s behind it is malformed", (_, tail) => {
    expect(codeOf(() => decode(Buffer.concat([compressed, tail])))).toBe("body_malformed");
  });

  test("is not something else", () => {
    for (const other of [BODY, COMPRESS[encoding === "gzip" ? "zstd" : "gzip"](BODY)]) {
      expect(codeOf(() => decode(other))).toBe("body_malformed");
    }
  });
});

test("gzip with a flipped bit in its checksum is malformed", () => {
  const damaged = gzipSync(BODY);
  damaged[damaged.length - 8]! ^= 1;
  expect(codeOf(() => decodeContent(damaged, "gzip", BODY.length))).toBe("body_malformed");
});

test("zstd that asks for a window over 8 MiB is malformed", () => {
  const large = Buffer.alloc(20 * 1024 * 1024, "large");
  const params = { [constants.ZSTD_c_windowLog]: 25 };
  expect(codeOf(() => decodeContent(zstdCompressSync(large, { params }), "zstd", large.length))).toBe(
    "body_malformed",
  );
});
