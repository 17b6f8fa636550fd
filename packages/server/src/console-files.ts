import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

/** The console as it was built: see packages/console. */
export interface ConsoleFiles {
  /** With {@link NONCE_PLACEHOLDER} where the nonce of an answer belongs. */
  readonly index: string;
  /** By path, such as `/assets/main-3f2a.js`. */
  readonly files: ReadonlyMap<string, ConsoleFile>;
}

export interface ConsoleFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly brotli?: Buffer;
  readonly gzip?: Buffer;
}

/** As the build has it: `NONCE_PLACEHOLDER` in packages/console. */
export const NONCE_PLACEHOLDER = "{{stele-nonce}}";

const DIRECTORY = new URL("../assets/console/", import.meta.url).pathname;
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Reads the console into memory; undefined if it was not built. */
export async function readConsole(directory = DIRECTORY): Promise<ConsoleFiles | undefined> {
  const index = await textOf(join(directory, "index.html"));
  if (index === undefined) return undefined;
  const files = new Map<string, ConsoleFile>();
  const names = await readdir(directory, { recursive: true });
  for (const name of names) {
    const mediaType = MEDIA_TYPES[extname(name)];
    if (mediaType === undefined) continue;
    const path = join(directory, name);
    files.set(`/${name}`, {
      mediaType,
      bytes: await readFile(path),
      ...(names.includes(`${name}.br`) && { brotli: await readFile(`${path}.br`) }),
      ...(names.includes(`${name}.gz`) && { gzip: await readFile(`${path}.gz`) }),
    });
  }
  return { index, files };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
