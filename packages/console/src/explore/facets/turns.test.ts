import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

function job() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { work: async () => await promise, resolve, reject };
}

const { signal } = new AbortController();

test("so many at one time, in the order in which they came", async () => {
  const turns = new Turns(1);
  const [a, b, begun] = [job(), job(), [] as string[]];
  const first = turns.run(signal, async () => (begun.push("a"), await a.work()));
  const second = turns.run(signal, async () => (begun.push("b"), await b.work()));
  expect(begun).toEqual(["a"]);
  a.resolve("A");
  expect(await first).toBe("A");
  b.resolve("B");
  expect(await second).toBe("B");
  expect(begun).toEqual(["a", "b"]);
});

test("who fails or leaves the line holds nobody up", async () => {
  const turns = new Turns(1);
  const a = job();
  const leaver = new AbortController();
  const first = turns.run(signal, a.work);
  const left = turns.run(leaver.signal, async () => "never");
  const third = turns.run(signal, async () => "third");
  leaver.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  a.reject(new Error("failed"));
  await expect(first).rejects.toThrow("failed");
  expect(await third).toBe("third");
  expect(await turns.run(signal, async () => "free again")).toBe("free again");
});
