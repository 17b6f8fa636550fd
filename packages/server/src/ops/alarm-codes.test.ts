import { glob, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const SOURCE = new URL("../", import.meta.url).pathname;
const DOCS = new URL("../../../../docs/operate/", import.meta.url);
/** As alarms are written: an object with code and severity, a constant of code and subject, or by a `#raise`. */
const FORMS = [/\bcode: "([a-z_]+)",(?:[^;]{0,200}?)\b(?:severity|subject)\b/gs, /#raise\(\s*"([a-z_]+)"/g];

async function raisedCodes(): Promise<Map<string, string>> {
  const codes = new Map<string, string>();
  for await (const path of glob("**/*.ts", { cwd: SOURCE })) {
    if (/test|testing\//.test(path)) continue;
    const source = await readFile(SOURCE + path, "utf8");
    if (!/alarm/i.test(source)) continue;
    for (const form of FORMS) for (const [, code] of source.matchAll(form)) codes.set(code!, path);
  }
  codes.delete("test");
  return codes;
}

it("has every code in docs/operate/alarms.md, or of stele monitor in monitor.md", async () => {
  const [alarms, monitor] = await Promise.all(
    ["alarms.md", "monitor.md"].map((name) => readFile(new URL(name, DOCS), "utf8")),
  );
  const codes = await raisedCodes();
  expect(codes.size).toBeGreaterThan(15);
  const missing = [...codes].filter(([code, path]) => {
    const page = path.startsWith("monitor/") ? monitor! : alarms!;
    return !page.includes(`\`${code}\``);
  });
  expect(missing).toEqual([]);
});
