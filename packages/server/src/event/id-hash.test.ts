import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashId } from "./id-hash.ts";

/** HalfSipHash-c-d with 64 bits of output, word by word as its reference code says it. */
function halfSipHash(bytes: Uint8Array, k0: number, k1: number, c: number, d: number): [number, number] {
  const v = new Uint32Array([k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1]);
  const rotate = (i: number, by: number) => (v[i] = (v[i]! << by) | (v[i]! >>> (32 - by)));
  const half = (a: number, b: number, by: number) => {
    v[a] = v[a]! + v[b]!;
    rotate(b, by);
    v[b] = v[b]! ^ v[a];
  };
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      half(0, 1, 5);
      rotate(0, 16);
      half(2, 3, 8);
      half(0, 3, 7);
      half(2, 1, 13);
      rotate(2, 16);
    }
  };
  const padded = new Uint8Array(Math.floor(bytes.length / 4) * 4 + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  const words = new DataView(padded.buffer);
  for (let i = 0; i < padded.length; i += 4) {
    v[3]! ^= words.getUint32(i, true);
    rounds(c);
    v[0]! ^= words.getUint32(i, true);
  }
  v[2]! ^= 0xee;
  rounds(d);
  const low = (v[1]! ^ v[3]!) >>> 0;
  v[1]! ^= 0xdd;
  rounds(d);
  return [low, (v[1]! ^ v[3]!) >>> 0];
}

test("the oracle gives the published HalfSipHash-2-4 vectors", () => {
  const [k0, k1] = [0x03020100, 0x07060504];
  const hex = (length: number) => {
    const hash = new Uint32Array(
      halfSipHash(
        Uint8Array.from({ length }, (_, i) => i),
        k0,
        k1,
        2,
        4,
      ),
    );
    return Buffer.from(hash.buffer).toString("hex");
  };
  // vectors_hsip64 of the reference code.
  expect(hex(0)).toBe("218d1f59b9b83cc8");
  expect(hex(1)).toBe("be552412f8387315");
  expect(hex(4)).toBe("d5e78a175be52ea1");
  expect(hex(7)).toBe("ff202728b07bc684");
});

test("hashId is HalfSipHash-1-3 of the bytes in their place", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 130 }),
      fc.nat(5),
      fc.integer(),
      fc.integer(),
      (id, start, k0, k1) => {
        const bytes = Buffer.concat([Buffer.alloc(start, 1), id, Buffer.of(7)]);
        const hash = new Uint32Array(4);
        hashId(bytes, start, id.length, { k0, k1 }, hash, 1);
        expect(Array.from(hash)).toEqual([0, ...halfSipHash(id, k0, k1, 1, 3), 0]);
      },
    ),
  );
});
