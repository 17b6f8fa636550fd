import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Semaphore } from "./semaphore.ts";

it("lets in what fits, in order, and what is too heavy alone", async () => {
  const semaphore = new Semaphore(10);
  const events: string[] = [];
  let inside = 0;
  const run = async (name: string, weight: number): Promise<void> =>
    await semaphore.run(weight, async () => {
      inside += weight;
      events.push(name);
      if (weight <= 10) expect(inside).toBeLessThanOrEqual(10);
      else expect(inside).toBe(weight);
      await setImmediate();
      inside -= weight;
    });
  await Promise.all([run("a", 6), run("b", 4), run("c", 5), run("d", 50), run("e", 1), run("f", 9)]);
  expect(events).toEqual(["a", "b", "c", "d", "e", "f"]);
  await expect(semaphore.run(1, async () => await Promise.reject(new Error("no")))).rejects.toThrow("no");
  await run("g", 10);
  expect(inside).toBe(0);
});

it("refuses more than may wait", async () => {
  const semaphore = new Semaphore(1, 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = [semaphore.run(1, async () => await promise), semaphore.run(1, async () => await promise)];
  await expect(semaphore.run(1, async () => await promise)).rejects.toMatchObject({
    code: "search_overloaded",
  });
  resolve();
  await Promise.all(running);
});
