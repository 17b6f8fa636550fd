import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** WCAG 2.2 at level AA, and what goes beyond it by good custom. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What is seen now has no violation that axe finds. What it can't decide, such as contrast upon a picture, is not one. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async (values): Promise<AxeResults> => {
    // What fades in has another contrast until it is there.
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
    return await globalThis.axe.run(document, { runOnly: { type: "tag", values } });
  }, RULES);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(" ")}\n  ${failureSummary ?? ""}`,
    ),
  );
  expect(found).toEqual([]);
}

declare global {
  /** In the page, once its source was evaluated there. */
  var axe: typeof import("axe-core");
}
