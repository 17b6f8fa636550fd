/* `npm run build:verifier` writes the page to where the node and `stele verifier` have it. */
import { writeFile } from "node:fs/promises";
import { buildPage } from "./build-page.ts";

const path = new URL("../../server/assets/verify.html", import.meta.url);
const page = await buildPage();
await writeFile(path, page);
console.log(`${path.pathname}: ${Buffer.byteLength(page)} bytes`);
