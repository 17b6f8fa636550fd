import { expect, test } from "vitest";
import { ScratchNode } from "../testing/scratch-node.ts";
import { stele } from "../testing/stele-process.ts";

test("serve --demo has something to look at", { timeout: 120_000 }, async () => {
  const demo = await ScratchNode.start(["--demo"]);
  try {
    for (;;) {
      const { out } = await demo.run(["search", "--json", "--limit", "1"]);
      if (out !== "" && JSON.parse(out).index > 20_000) break;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  } finally {
    expect(await demo.stop()).toMatchObject({ code: 0 });
  }
});

test("bench prints figures", { timeout: 120_000 }, async () => {
  const { code, out, err } = await stele(["bench", "--seconds", "1", "--json", "--quiet"]);
  expect([code, err]).toEqual([0, ""]);
  const figures = JSON.parse(out);
  expect(figures.events).toBeGreaterThan(0);
  expect(figures.acknowledgement_ms.p99).toBeGreaterThanOrEqual(figures.acknowledgement_ms.p50);
});
