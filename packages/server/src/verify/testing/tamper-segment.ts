import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Database, quoted } from "../../search/database.ts";
import { readSegmentMetadata } from "../../search/segment-metadata.ts";
import { ID_FILTER_KEY, SEGMENT_METADATA_KEY } from "../../search/segment.ts";

/**
 * Writes a segment's file anew in which some columns have other values: entries and metadata stay. `replace` is a list for
 * DuckDB's `SELECT * REPLACE (…)`: `CASE WHEN seq = 7 THEN 'x' ELSE action END AS action`.
 */
export async function tamperSegment(
  path: string,
  replace: string,
  changeMetadata: (text: string) => string = (text) => text,
): Promise<void> {
  const metadata = changeMetadata((await readSegmentMetadata(path, SEGMENT_METADATA_KEY))!.toString());
  const filter = await readSegmentMetadata(path, ID_FILTER_KEY);
  const pairs = [`${quoted(SEGMENT_METADATA_KEY)}: ${quoted(metadata)}`];
  if (filter) {
    pairs.push(
      `${quoted(ID_FILTER_KEY)}: '${filter.toString("hex").replaceAll(/../g, String.raw`\x$&`)}'::BLOB`,
    );
  }
  const database = await Database.open({
    directories: [dirname(path)],
    threads: 1,
    connectionsMax: 1,
    memoryLimitMb: 200,
  });
  try {
    await database.query(
      `COPY (SELECT * ${replace === "" ? "" : `REPLACE (${replace})`} FROM read_parquet(${quoted(path)}))
       TO ${quoted(`${path}.tampered`)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 8192,
         WRITE_BLOOM_FILTER false, KV_METADATA {${pairs.join(", ")}})`,
    );
  } finally {
    await database.close();
  }
  await rm(path);
  await rename(`${path}.tampered`, path);
}
