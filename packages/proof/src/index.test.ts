import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";

const FOLDER = import.meta.dirname;
const files = readdirSync(FOLDER).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
const sources = files.map((file) => ({ file, source: readFileSync(`${FOLDER}/${file}`, "utf8") }));

test("imports nothing but its own files and @noble", () => {
  expect(files.length).toBeGreaterThan(15);
  for (const { file, source } of sources) {
    const imports = [...source.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, path]) => path!);
    for (const path of imports) {
      expect(path, file).toMatch(/^(?:\.\/[a-z0-9-]+\.ts|@noble\/(?:hashes\/sha2|curves\/ed25519)\.js)$/);
    }
  }
});

/**
 * What Node or a browser adds to the language, and the parts of the language that are not a function of their input. But
 * TextEncoder and TextDecoder: they are, and every platform has the same ones.
 */
const NOT_PURE = [
  ..."process Buffer global globalThis window self document navigator location console performance".split(
    " ",
  ),
  ..."setTimeout setInterval setImmediate queueMicrotask structuredClone atob btoa".split(" "),
  ..."URL URLSearchParams Request Response Headers AbortController AbortSignal Event EventTarget crypto".split(
    " ",
  ),
  ..."localStorage require module Date Intl Atomics SharedArrayBuffer WebAssembly eval Function".split(" "),
];

test("uses no Node built-in, no DOM global, no clock and no randomness", () => {
  const words = new RegExp(String.raw`(?<![.\w"#])(?:${NOT_PURE.join("|")})\b|Math\.random|\bfetch\.`, "g");
  for (const { file, source } of sources) {
    const code = stripTypeScriptTypes(source)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\/\/.*/g, "")
      .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
    expect(code.match(words) ?? [], file).toEqual([]);
  }
});

test("needs no build: stripping the types is all it takes", () => {
  for (const { source } of sources)
    expect(() => stripTypeScriptTypes(source, { mode: "strip" })).not.toThrow();
});

test("the README names every function, class and constant", async () => {
  const readme = readFileSync(`${FOLDER}/../README.md`, "utf8");
  for (const name of Object.keys(await import("./index.ts")))
    expect(readme).toMatch(new RegExp(`\\b${name}\\b`));
});

test("files are short enough to be read", () => {
  for (const { file, source } of sources) expect(source.split("\n").length, file).toBeLessThanOrEqual(300);
});
