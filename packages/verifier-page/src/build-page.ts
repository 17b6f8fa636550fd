import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { build } from "rolldown";

/**
 * The page as one HTML file: script and style inside, and a content security policy that lets these two run and nothing
 * else, and no connection be made. The same source gives the same bytes.
 */
export async function buildPage(): Promise<string> {
  const { output } = await build({
    input: pathOf("main.ts"),
    output: { format: "es", minify: true, comments: false },
    write: false,
    logLevel: "warn",
  });
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error("The page is to be one script");
  // In HTML, this would end the script.
  const script = `\n${chunk.code.trim().replaceAll("</", String.raw`<\/`)}\n`;
  const style = `\n${(await readFile(pathOf("page.css"), "utf8")).trim()}\n`;
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const page = await readFile(pathOf("page.html"), "utf8");
  return page
    .replace("{{policy}}", () => policy)
    .replace(/<style>[^<]*<\/style>/, () => `<style>${style}</style>`)
    .replace(/(<script type="module">)[^<]*/, (_, open: string) => open + script);
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
