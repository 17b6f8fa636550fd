import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ObjectInfo, ObjectStore } from "../object-store.ts";

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore;
  /** The same objects, as another process sees them. */
  readonly other: ObjectStore;
  remove(): Promise<void>;
}

/** What every driver of `ObjectStore` must do. `skip`: why it can't be tried here. */
export function objectStoreContract(
  driver: string,
  make: () => Promise<ObjectStoreUnderTest>,
  skip?: string,
): void {
  describe.skipIf(skip)(`the object store contract: ${driver}${skip ? ` (skipped: ${skip})` : ""}`, () => {
    let subject: ObjectStoreUnderTest;
    let store: ObjectStore;
    let other: ObjectStore;

    beforeEach(async () => {
      subject = await make();
      ({ store, other } = subject);
    });

    afterEach(() => subject.remove());

    async function keys(prefix: string, after?: string): Promise<string[]> {
      return (await listed(store, prefix, after)).map(({ key }) => key);
    }

    it("has nothing at first", async () => {
      expect(await store.get("a")).toBeUndefined();
      expect(await store.get("a/b")).toBeUndefined();
      expect(await keys("")).toEqual([]);
      expect(await keys("a/")).toEqual([]);
      expect(store.place).not.toBe("");
    });

    it("gives back what was created, here and elsewhere", async () => {
      expect(await store.create("journal/1", [Buffer.from("one, "), Buffer.from("two")])).toBe("created");
      expect((await store.get("journal/1"))?.toString()).toBe("one, two");
      expect((await other.get("journal/1"))?.toString()).toBe("one, two");
      expect(await other.get("journal/2")).toBeUndefined();
    });

    it("keeps nothing, one byte, many pieces and 5 MB as they are", async () => {
      const large = Buffer.alloc(5_000_000, "0123456789abcdef-");
      const many = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`${i}\n`));
      for (const [key, pieces] of Object.entries({
        none: [],
        empty: [Buffer.alloc(0)],
        one: [Buffer.from([0])],
        many,
        large: [large.subarray(0, 1), large.subarray(1)],
      })) {
        expect(await store.create(key, pieces)).toBe("created");
        expect((await store.get(key))?.equals(Buffer.concat(pieces))).toBe(true);
      }
    });

    it("never replaces what is there", async () => {
      await store.create("a", [Buffer.from("first")]);
      expect(await store.create("a", [Buffer.from("second")])).toBe("exists");
      expect(await other.create("a", [Buffer.from("first")])).toBe("exists");
      expect((await store.get("a"))?.toString()).toBe("first");
    });

    it("lets one of 32 win, who are there at once, and keeps the winner's bytes", async () => {
      for (let round = 0; round < 4; round++) {
        const key = `journal/${round}`;
        const outcomes = await Promise.all(
          Array.from({ length: 32 }, (_, i) =>
            (i % 2 === 0 ? store : other).create(key, [Buffer.from(`writer ${i}`)]),
          ),
        );
        const winners = outcomes.flatMap((outcome, i) => (outcome === "created" ? [i] : []));
        expect(winners).toHaveLength(1);
        expect((await store.get(key))?.toString()).toBe(`writer ${winners[0]}`);
      }
    });

    it("lists in the order of keys, by prefix, behind a key", async () => {
      const all = ["a-b", "a.json", "a/1", "a/2", "a/b/c", "a0", "b/1", "log.json"];
      for (const key of all.toReversed()) await store.create(key, [Buffer.from(key)]);
      expect(await keys("")).toEqual(all);
      expect(await keys("a/")).toEqual(["a/1", "a/2", "a/b/c"]);
      expect(await keys("a/b")).toEqual(["a/b/c"]);
      expect(await keys("a")).toEqual(all.slice(0, 6));
      expect(await keys("c")).toEqual([]);
      expect(await keys("a/", "a/1")).toEqual(["a/2", "a/b/c"]);
      expect(await keys("a/", "a/b/c")).toEqual([]);
      expect(await keys("", "a/15")).toEqual(all.slice(3));
      expect(await keys("", "zzz")).toEqual([]);
      expect(await listed(store, "log")).toEqual([{ key: "log.json", lengthBytes: 8 }]);
    });

    it("lists more than a thousand", async () => {
      const all = Array.from({ length: 1_005 }, (_, i) => `journal/${String(i).padStart(16, "0")}`);
      for (let at = 0; at < all.length; at += 32) {
        await Promise.all(all.slice(at, at + 32).map((key) => store.create(key, [Buffer.from(key)])));
      }
      expect(await keys("journal/")).toEqual(all);
      expect(await keys("journal/", all[1_000])).toEqual(all.slice(1_001));
      await store.delete(all);
      expect(await keys("")).toEqual([]);
    });

    it("deletes, also what is not there, and then creates anew", async () => {
      await store.create("a/1", [Buffer.from("x")]);
      await store.create("a/2", [Buffer.from("x")]);
      await store.delete(["a/1", "a/3", "b"]);
      await store.delete(["a/1"]);
      await store.delete([]);
      expect(await keys("")).toEqual(["a/2"]);
      expect(await other.get("a/1")).toBeUndefined();
      expect(await other.create("a/1", [Buffer.from("y")])).toBe("created");
      expect((await store.get("a/1"))?.toString()).toBe("y");
    });

    it("refuses keys that lead elsewhere", async () => {
      for (const key of [
        "",
        "../a",
        "a/../../b",
        "/a",
        "a//b",
        "a/",
        ".new",
        "a\0b",
        "a\\b",
        "a".repeat(300),
      ]) {
        const refused = { code: "object_key_malformed" };
        await expect(store.create(key, [])).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.delete([key])).rejects.toMatchObject(refused);
      }
    });
  });
}

export async function listed(store: ObjectStore, prefix = "", after?: string): Promise<ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  for await (const object of store.list(prefix, after)) objects.push(object);
  return objects;
}
