import { hash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { OUTPUT_DIRECTORY } from "./output.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
const CONSOLE = join(REPOSITORY, "packages/console");
/** Names the sources that the build was made of. */
const STAMP = join(OUTPUT_DIRECTORY, ".sources");
const COMPRESSED = /\.(js|css|svg|json)$/;

/**
 * Builds the console, unless what is there was built of the same sources. `npm start` calls this, so it is silent and
 * quick if there is nothing to do.
 */
async function main(): Promise<void> {
  const sources = await digestOfSources();
  if ((await stampOf()) === sources) return;
  console.log("Building the console (once; it takes a few seconds)…");
  // Tests call this, too, and Vite would make a build for tests of it: slower, larger, and kept for whoever starts the node next.
  process.env["NODE_ENV"] = "production";
  const { build } = await import("vite");
  await build({ configFile: join(CONSOLE, "vite.config.ts"), logLevel: "warn" });
  await compressFiles();
  await writeFile(STAMP, sources);
}

/** Of what the build depends on: the console, the workspaces that it names, and the versions of all other packages. */
async function digestOfSources(): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(CONSOLE, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const workspaces = Object.keys(dependencies).filter((name) => name.startsWith("@stele/"));
  const directories = [
    CONSOLE,
    ...workspaces.map((name) => join(REPOSITORY, "packages", name.slice(7), "src")),
  ];
  const files = (await Promise.all(directories.map(filesBelow))).flat();
  files.push(join(REPOSITORY, "package-lock.json"));
  const lines: string[] = [];
  for (const file of files.filter((name) => !/\.test\.tsx?$/.test(name)).toSorted()) {
    lines.push(`${hash("sha256", await readFile(file))} ${relative(REPOSITORY, file)}\n`);
  }
  return hash("sha256", lines.join(""));
}

async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function stampOf(): Promise<string | undefined> {
  try {
    return await readFile(STAMP, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Beside each file that gets smaller: what a browser takes compressed. */
async function compressFiles(): Promise<void> {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const file of (await filesBelow(OUTPUT_DIRECTORY)).filter((name) => COMPRESSED.test(name))) {
    const bytes = await readFile(file);
    await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, quality));
    await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}

await main();
