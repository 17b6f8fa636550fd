import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { CallSlots } from "./call-slots.ts";

it("lets so many run at once, and the others one after the other", async () => {
  const slots = new CallSlots({ running: 2, waiting: 10, place: "here" });
  let running = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      slots.run(1_000, async () => {
        most = Math.max(most, ++running);
        order.push(i);
        await sleep(2);
        running--;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it("refuses who waited too long, and who would wait behind too many", async () => {
  const slots = new CallSlots({ running: 1, waiting: 1, place: "here" });
  const release = Promise.withResolvers<void>();
  const hanging = slots.run(1_000, () => release.promise);
  const waiting = slots.run(20, async () => await Promise.resolve("late"));
  const refused = { code: "store_unavailable" };
  await expect(slots.run(1_000, async () => await Promise.resolve())).rejects.toMatchObject(refused);
  await expect(waiting).rejects.toMatchObject(refused);
  release.resolve();
  await hanging;
  expect(await slots.run(20, async () => await Promise.resolve("done"))).toBe("done");
});

it("frees the slot of what failed", async () => {
  const slots = new CallSlots({ running: 1, waiting: 1, place: "here" });
  for (let i = 0; i < 3; i++) {
    await expect(slots.run(20, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  }
});
