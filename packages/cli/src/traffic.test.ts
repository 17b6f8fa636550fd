import { expect, test } from "vitest";
import { Traffic } from "./traffic.ts";

const AT = Date.UTC(2026, 0, 5, 12);

function take(traffic: Traffic, count: number): string[] {
  return Array.from({ length: count }, (_, i) => traffic.json(AT + i));
}

test("the same seed gives the same events, wherever one begins; another seed, others", () => {
  const events = take(new Traffic({ seed: 7 }), 300);
  expect(take(new Traffic({ seed: 7 }), 300)).toEqual(events);
  const later = new Traffic({ seed: 7, first: 200 });
  expect(Array.from({ length: 100 }, (_, i) => later.json(AT + 200 + i))).toEqual(events.slice(200));
  expect(later.position).toBe(300);
  expect(take(new Traffic({ seed: 8 }), 300).filter((event) => events.includes(event))).toEqual([]);
});

test("no two events have the same id, not even at one time", () => {
  const traffic = new Traffic({ seed: 1 });
  const ids = new Set(Array.from({ length: 100_000 }, () => traffic.next(AT).id));
  expect(ids.size).toBe(100_000);
  for (const id of [...ids].slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("it looks like the traffic of a company", () => {
  const traffic = new Traffic({ seed: 3 });
  const events = Array.from({ length: 20_000 }, (_, i) => traffic.next(AT + i * 1000));
  const share = (is: (event: (typeof events)[number]) => boolean) => events.filter(is).length / events.length;

  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
  expect(bytes / events.length).toBeGreaterThan(400);
  expect(bytes / events.length).toBeLessThan(550);
  expect(new Set(events.map(({ tenant }) => tenant)).size).toBe(12);
  expect(new Set(events.map(({ action }) => action)).size).toBeGreaterThan(30);
  expect(new Set(events.map(({ actor }) => actor.id)).size).toBeGreaterThan(500);
  expect(share(({ action }) => action.startsWith("document."))).toBeGreaterThan(0.5);
  expect(share(({ outcome }) => outcome === "failure")).toBeGreaterThan(0.005);
  expect(share(({ outcome }) => outcome === "denied")).toBeGreaterThan(0.01);
  expect(share(({ outcome }) => outcome === "success")).toBeGreaterThan(0.9);
});
