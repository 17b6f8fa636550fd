import type { Page } from "playwright-core";

/** Of 30 characters. */
const QUERY = "outcome:success action:documen";
const KEY_EVERY_MS = 60;
const WHEEL_STEPS = 60;
const PAGES_DOWN = 60;
const REPEAT_EVERY_MS = 33;

export interface Action {
  readonly name: string;
  readonly act: (page: Page) => Promise<void>;
}

/** What people do on the Explore page, on all events of the log. Each leaves it as it was, but for where the table is. */
export const ACTIONS: readonly Action[] = [
  { name: "typing 30 characters, completion open", act: typeQuery },
  { name: "the wheel over the table", act: turnWheel },
  { name: "the scrollbar dragged to the middle and the end", act: dragScrollbar },
  { name: "Page Down held", act: holdPageDown },
  { name: "the histogram dragged to zoom, and back", act: zoom },
  { name: "the split changed three times", act: changeSplit },
  { name: "another query asked, and its rows shown", act: askQuery },
];

/** Until all that was asked of the node is shown, and the rows that belong where the table is. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const grid = document.querySelector("[role=grid]");
    if (!grid || document.querySelector("[aria-busy=true], .mantine-Skeleton-root")) return false;
    const { left, top, height } = grid.getBoundingClientRect();
    return document.elementFromPoint(left + 50, top + height / 2)?.closest("[data-row]") !== null;
  });
}

async function typeQuery(page: Page): Promise<void> {
  await page.keyboard.press("/");
  await page.keyboard.type(QUERY, { delay: KEY_EVERY_MS });
  await page.locator("[role=listbox] [role=option]").first().waitFor();
  // To leave the box with a text in it would ask it.
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.press("Escape");
  await settled(page);
}

async function turnWheel(page: Page): Promise<void> {
  const { x, y, width, height } = await boxOf(page, "[role=grid]");
  await page.mouse.move(x + width / 2, y + height / 2);
  for (let n = 0; n < WHEEL_STEPS; n++) {
    await page.mouse.wheel(0, 300);
    await page.waitForTimeout(REPEAT_EVERY_MS);
  }
  await settled(page);
}

async function dragScrollbar(page: Page): Promise<void> {
  const grid = await boxOf(page, "[role=grid]");
  const place = () => page.$eval("[role=grid]", (element) => element.scrollTop / element.scrollHeight);
  await page.$eval("[role=grid]", (element) => element.scrollTo({ top: 0 }));
  await settled(page);
  const x = grid.x + grid.width - 7;
  const top = grid.y + 22;
  const bottom = grid.y + grid.height - 2;
  await page.mouse.move(x, top);
  await page.mouse.down();
  for (const end of [(top + bottom) / 2, bottom]) {
    await page.mouse.move(x, end, { steps: 40 });
    await page.waitForTimeout(REPEAT_EVERY_MS);
    await settled(page);
  }
  await page.mouse.up();
  if ((await place()) < 0.9) throw new Error("The scrollbar was not dragged to the end");
}

async function holdPageDown(page: Page): Promise<void> {
  await page.locator("[role=grid]").focus();
  await page.keyboard.press("Home");
  for (let n = 0; n < PAGES_DOWN; n++) {
    await page.keyboard.down("PageDown");
    await page.waitForTimeout(REPEAT_EVERY_MS);
  }
  await page.keyboard.up("PageDown");
  await settled(page);
}

async function zoom(page: Page): Promise<void> {
  const { x, y, width, height } = await boxOf(page, ".u-over");
  const before = page.url();
  await page.mouse.move(x + width * 0.3, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 40 });
  await page.mouse.up();
  await page.waitForURL((url) => url.href !== before);
  await settled(page);
  await page.goBack();
  await settled(page);
}

async function changeSplit(page: Page): Promise<void> {
  for (const field of ["action", "actor", "outcome"]) {
    await page.getByLabel("Split by").selectOption(field);
    await settled(page);
  }
}

async function askQuery(page: Page): Promise<void> {
  await page.keyboard.press("/");
  await page.keyboard.type("outcome:failure");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=outcome/);
  await settled(page);
  await page.goBack();
  await settled(page);
}

async function boxOf(page: Page, selector: string) {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not seen`);
  return box;
}
