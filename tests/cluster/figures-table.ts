import { readFile, writeFile } from "node:fs/promises";
import type { Figures } from "./scenario.ts";

const PAGE = new URL("../../docs/operate/availability.md", import.meta.url);
const BEGIN = "<!-- figures: written by npm run test:cluster -->";
const END = "<!-- end of figures -->";

const COLUMNS: readonly (readonly [string, (figures: Figures) => string])[] = [
  ["fault", ({ name }) => name],
  ["seconds", ({ seconds }) => seconds.toFixed(0)],
  ["events", ({ sent }) => count(sent)],
  ["acknowledged", ({ acknowledged }) => count(acknowledged)],
  ["events/s", ({ acknowledged, seconds }) => count(Math.round(acknowledged / seconds))],
  ["lost", ({ lost }) => count(lost)],
  ["doubled", ({ doubled }) => count(doubled)],
  ["elsewhere, foreign", ({ misplaced, foreign }) => count(misplaced + foreign)],
  ["requests failed", ({ requestsFailed }) => count(requestsFailed)],
  ["longest write gap", ({ longestGapMs }) => inSeconds(longestGapMs)],
  ["slowest write", ({ slowestWriteMs }) => inSeconds(slowestWriteMs)],
];

export function figuresTable(rows: readonly Figures[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  // As Prettier lays it out: figures to the right.
  const format = (line: readonly string[]) =>
    `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [format(cells[0]!), `| ${rule.join(" | ")} |`, ...cells.slice(1).map(format)].join("\n");
}

/** Puts the table into docs/operate/availability.md, between its markers. @throws Error if they are not there */
export async function writeFigures(table: string, ranOn: string): Promise<void> {
  const text = await readFile(PAGE, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PAGE.pathname} has no place for the figures`);
  const written = `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${ranOn}\n\n${text.slice(end)}`;
  await writeFile(PAGE, written);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
