/* Copies a served log as static tlog-tiles: `copy-tiles.ts URL DIRECTORY`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatTilePath, parseCheckpoint, parseNote, tilesBetween } from "@stele/proof";

const [url = "", directory = ""] = process.argv.slice(2);

async function copy(path: string): Promise<Uint8Array> {
  const response = await fetch(`${url}/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), bytes);
  return bytes;
}

const { treeSize } = parseCheckpoint(parseNote(await copy("checkpoint")).text);
for (const tile of tilesBetween(0, treeSize)) {
  await copy(formatTilePath(tile));
  if (tile.level === 0) await copy(formatTilePath({ ...tile, level: "entries" }));
}
