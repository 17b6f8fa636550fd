import { json } from "node:stream/consumers";
import { expect, it } from "vitest";
import { formatHistoryAnswer } from "./history-answer.ts";
import { HistoryTable } from "./history-table.ts";

const START = 1_800_000_000;

function table(logs: number): HistoryTable {
  const made = new HistoryTable();
  for (const at of [0, 600]) {
    const values = Array.from({ length: logs }, (_, i) => i + at);
    made.record(
      START + at,
      values.map((value, i) => ({ name: "tree_size", labels: { log: `log-${i}` }, value })),
    );
  }
  return made;
}

it("is JSON with nulls, also where there is nothing", async () => {
  const answer = formatHistoryAnswer(table(2).read("7d", START + 600, "log-1"));
  expect(await json(answer)).toEqual({
    from: new Date((START - 1_006 * 600) * 1000).toISOString(),
    step_seconds: 600,
    series: [
      {
        name: "tree_size",
        labels: { log: "log-1" },
        values: [...Array.from({ length: 1_006 }, () => null), 1, 601],
      },
    ],
  });
  const none = formatHistoryAnswer(new HistoryTable().read("1h", START));
  expect(await json(none)).toMatchObject({ series: [] });
});

it("lets others have their turn between pieces, and bears figures that come meanwhile", async () => {
  const figures = table(300);
  const chunks: Buffer[] = [];
  let turns = 0;
  for await (const chunk of formatHistoryAnswer(figures.read("30d", START + 600))) {
    chunks.push(chunk);
    setImmediate(() => turns++);
    figures.record(START + 1_200 + chunks.length, [{ name: "tails", labels: {}, value: 1 }]);
  }
  expect(chunks.length).toBeGreaterThan(50);
  // Of each but the last two, before the next.
  expect(turns).toBeGreaterThanOrEqual(chunks.length - 2);
  const { series }: { series: { values: unknown[] }[] } = JSON.parse(Buffer.concat(chunks).toString());
  expect(series).toHaveLength(300);
  expect(new Set(series.map(({ values }) => values.length))).toEqual(new Set([4_320]));
});
