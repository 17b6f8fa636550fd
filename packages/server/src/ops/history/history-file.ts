import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { MalformedError } from "@stele/proof";
import { HistoryTable, RESOLUTIONS, SERIES_MAX, type StoredSeries } from "./history-table.ts";
import { isSeriesName, type SeriesLabels } from "./series.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const MAGIC = Buffer.from("stele.history/v1\n");
const SLOTS = RESOLUTIONS.reduce((sum, { slots }) => sum + slots, 0);
const HEADER_LENGTH_BYTES_MAX = 2 << 20;
const LENGTH_BYTES_MAX = HEADER_LENGTH_BYTES_MAX + SERIES_MAX * SLOTS * 8;
/** What no file of ours is longer than: nothing that is longer is read. */
export const HISTORY_FILE_LENGTH_BYTES_MAX = 2 * LENGTH_BYTES_MAX;

/**
 * A table as it is kept in a file: the magic line, then as one zstd frame with a checksum: a line of JSON (the newest steps,
 * the series) and the rings of each series, as the machine keeps numbers.
 */
export async function formatHistory(table: HistoryTable): Promise<Buffer> {
  const series = table.series;
  const header = {
    steps: RESOLUTIONS.map(({ stepSeconds, slots }) => [stepSeconds, slots]),
    newest: table.newest,
    series: series.map(({ name, labels, lastSeconds }) => ({ name, labels, last: lastSeconds })),
  };
  // A copy: the rings go on while this is compressed.
  const plain = Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    ...series.flatMap(({ rings }) =>
      rings.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    ),
  ]);
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  return Buffer.concat([MAGIC, await compress(plain, { params })]);
}

/** @throws MalformedError `history_malformed` */
export async function parseHistory(bytes: Buffer): Promise<HistoryTable> {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw malformed("it does not begin as one");
  const plain = await decompress(bytes.subarray(MAGIC.length), { maxOutputLength: LENGTH_BYTES_MAX }).catch(
    (cause: unknown) => {
      throw malformed("it is damaged", cause);
    },
  );
  const end = plain.indexOf(0x0a);
  if (end < 0 || end > HEADER_LENGTH_BYTES_MAX) throw malformed("it has no header");
  const { newest, series } = parseHeader(plain.toString("utf8", 0, end));
  if (plain.length !== end + 1 + series.length * SLOTS * 8) throw malformed("it has another length");
  let at = end + 1;
  const stored = series.map(({ name, labels, last }): StoredSeries | undefined => {
    const rings = RESOLUTIONS.map(({ slots }) => {
      const ring = new Float64Array(slots);
      new Uint8Array(ring.buffer).set(plain.subarray(at, (at += slots * 8)));
      return ring;
    });
    // An earlier or later version may have kept what this one doesn't.
    return isSeriesName(name) ? { name, labels, rings, lastSeconds: last } : undefined;
  });
  return new HistoryTable(
    newest,
    stored.filter((one) => one !== undefined),
  );
}

interface Header {
  readonly newest: readonly number[];
  readonly series: readonly { readonly name: string; readonly labels: SeriesLabels; readonly last: number }[];
}

function parseHeader(text: string): Header {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed("its header is no JSON", cause);
  }
  if (!isObject(value)) throw malformed("its header is no object");
  const { steps, newest, series } = value;
  const expected = RESOLUTIONS.map(({ stepSeconds, slots }) => [stepSeconds, slots]);
  if (JSON.stringify(steps) !== JSON.stringify(expected)) throw malformed("it has other resolutions");
  if (!Array.isArray(newest) || newest.length !== RESOLUTIONS.length || !newest.every(isStep)) {
    throw malformed("its newest steps are none");
  }
  if (!Array.isArray(series) || series.length > SERIES_MAX || !series.every(isSeries)) {
    throw malformed("its series are none");
  }
  return { newest, series };
}

function isSeries(value: unknown): value is Header["series"][number] {
  if (!isObject(value)) return false;
  const { name, labels, last } = value;
  return (
    typeof name === "string" &&
    isObject(labels) &&
    Object.values(labels).every((label) => typeof label === "string") &&
    typeof last === "number"
  );
}

function isStep(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= -1;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(what: string, cause?: unknown): MalformedError {
  return new MalformedError("history_malformed", `This is no metrics history: ${what}`, { cause });
}
