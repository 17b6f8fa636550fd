export { expectAccessible } from "./accessible.ts";
export { HAS_CHROMIUM, TestBrowser } from "./browser.ts";
export { ConsoleNode } from "./console-node.ts";
export type { ConsoleNodeOptions } from "./console-node.ts";
export type { ConsolePage, PageOptions } from "./console-page.ts";
export { FILLED_EVENTS, SEGMENT_ENTRIES } from "./filled-directory.ts";
export { screenshot } from "./screenshot.ts";
