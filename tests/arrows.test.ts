import { glob, readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { expect, it } from "vitest";

/** What each package may import of the others: proof ← {client ← {cli, console}, verifier-page ← console}, proof ← query ← server ← {cli, sim}. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  proof: [],
  query: ["proof"],
  client: ["proof"],
  server: ["proof", "query"],
  cli: ["proof", "client", "server"],
  sim: ["proof", "server"],
  "verifier-page": ["proof"],
  console: ["proof", "query", "client", "verifier-page"],
};
const packages = resolve(import.meta.dirname, "../packages");

it.each(Object.keys(ARROWS))("%s imports only what its arrows allow", async (name) => {
  const imported = new Set<string>();
  for await (const file of glob(`${name}/{src,bin}/**/*.{ts,tsx}`, { cwd: packages })) {
    const path = resolve(packages, file);
    for (const [, specifier = ""] of (await readFile(path, "utf8")).matchAll(
      /(?:from|import)[ (]+"(@stele\/[a-z-]+|\.[^"]*)/g,
    )) {
      const target = specifier.startsWith("@stele/")
        ? specifier.slice("@stele/".length)
        : relative(packages, resolve(dirname(path), specifier)).split("/")[0]!;
      if (target !== name) imported.add(target);
    }
  }
  expect(ARROWS[name]).toEqual(expect.arrayContaining([...imported]));
  expect(imported.size).toBeGreaterThan(name === "proof" ? -1 : 0);
});
