import { setImmediate as othersTurn } from "node:timers/promises";
import type { History } from "./history-table.ts";

/** So many figures are formatted in some milliseconds. */
const SLICE_VALUES_MIN = 16_384;

/**
 * The answer of `GET /v1/metrics/history` as JSON, in pieces: of the 1.4 million figures of 30 days, all at once, everybody else would
 * wait for a long time. Each piece is made when it is asked for, so who reads slowly costs no memory.
 */
export async function* formatHistoryAnswer({
  fromSeconds,
  stepSeconds,
  series,
}: History): AsyncGenerator<Buffer, void, undefined> {
  const from = new Date(fromSeconds * 1000).toISOString();
  let text = `{"from":"${from}","step_seconds":${stepSeconds},"series":[`;
  let separator = "";
  let inSlice = 0;
  for (const { name, labels, values } of series) {
    // NaN is null in JSON.
    text += separator + JSON.stringify({ name, labels, values: Array.from(values) });
    separator = ",";
    inSlice += values.length;
    if (inSlice < SLICE_VALUES_MIN) continue;
    yield Buffer.from(text);
    await othersTurn();
    text = "";
    inSlice = 0;
  }
  yield Buffer.from(`${text}]}`);
}
