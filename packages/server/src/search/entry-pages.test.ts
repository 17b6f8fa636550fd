import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { readEntryPages, type EntryPage } from "./entry-pages.ts";

/** Base 128, the least significant first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);

/** Of a Thrift struct: the next one, with 32 bits. */
const field = (value: number) => [0x15, ...zigzag(value)];

/** A page as somebody may write it who has the store: what its header says, and what is in it. */
function page(body: Uint8Array, count: number, lengthBytes = body.length): Buffer {
  const packed = zstdCompressSync(body);
  const data = [0x2c, ...field(count), ...field(6), 0];
  const head = [...field(0), ...field(lengthBytes), ...field(packed.length), ...data, 0];
  return Buffer.concat([Buffer.from(head), packed]);
}

/** Two entries, `a` and `bc`. */
const BODY = Buffer.from([
  0,
  0,
  0,
  0,
  ...varint(128),
  4,
  2,
  ...zigzag(1),
  ...zigzag(1),
  0,
  0,
  0,
  0,
  97,
  98,
  99,
]);

test("reads a page, and no other", async () => {
  const [read] = await readEntryPages(page(BODY, 2), 2);
  expect(read!.entries().map(String)).toEqual(["a", "bc"]);
  await expect(readEntryPages(page(BODY, 2), 3)).rejects.toThrow(RangeError);
});

test("takes no memory for what a page only claims", async () => {
  // One block of lengths that differ by nothing, in no bits: as many as one likes, in some bytes.
  const many = 2 ** 28;
  const lengths = [...varint(2 ** 31), 1, ...varint(many), ...zigzag(0), ...zigzag(0), 0];
  const started = process.memoryUsage().arrayBuffers;
  await expect(readEntryPages(page(Buffer.from([0, 0, 0, 0, ...lengths]), many), 2)).rejects.toThrow(
    "A page claims to be too long",
  );
  expect(process.memoryUsage().arrayBuffers - started).toBeLessThan(many);
  // Places in a page of more bytes would not be what they are.
  await expect(readEntryPages(page(BODY, 2, 2 ** 31), 2 ** 20)).rejects.toThrow(
    "A page claims to be too long",
  );
});

test("whatever is in a page: it is read, or refused", async () => {
  for (let i = 0; i < 3_000; i++) {
    const isBody = i % 2 === 0;
    const damaged = isBody ? Buffer.from(BODY) : page(BODY, 2);
    for (let n = randomInt(1, 4); n > 0; n--) damaged[randomInt(damaged.length)] = randomInt(256);
    const chunk = isBody ? page(damaged, 2) : damaged;
    const read = await readEntryPages(chunk, 2).catch((error: unknown) => error);
    if (!Array.isArray(read)) {
      // Or one of zlib.
      if (!(read instanceof RangeError)) expect(read, chunk.toString("hex")).toHaveProperty("code");
      continue;
    }
    for (const { bytes, offsets } of read as EntryPage[]) {
      expect(offsets[0]).toBeGreaterThan(0);
      expect(offsets.at(-1)).toBe(bytes.length);
      expect([...offsets]).toEqual([...offsets].toSorted((a, b) => a - b));
    }
  }
});

test("one error of several damaged pages is thrown, and none goes astray", async () => {
  const astray: unknown[] = [];
  const onAstray = (error: unknown) => astray.push(error);
  process.on("unhandledRejection", onAstray);
  try {
    const chunk = Buffer.concat([page(BODY, 9), Buffer.from([0xff])]);
    await expect(readEntryPages(chunk, 2)).rejects.toThrow(RangeError);
    await setTimeout(20); // they would be told of after this turn
    expect(astray).toEqual([]);
  } finally {
    process.off("unhandledRejection", onAstray);
  }
});
