import type { FileHandle } from "node:fs/promises";
import { parseThrift, type Thrift, type ThriftStruct } from "./thrift.ts";

/** Bytes of a file. */
export interface FileRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** What is needed of a Parquet file's footer to read one column of it, and its metadata. */
export interface ParquetFooter {
  /** In order. */
  readonly rowGroups: readonly { readonly rows: number; readonly columns: ReadonlyMap<string, FileRange> }[];
  readonly metadata: ReadonlyMap<string, FileRange>;
}

const MAGIC = "PAR1";
const TAIL_LENGTH_BYTES = 8;
const FOOTER_LENGTH_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Source: parquet-format 2.10 (README.md, parquet.thrift).
 *
 * @throws RangeError if it is no Parquet file
 */
export async function readParquetFooter(file: FileHandle, fileLengthBytes: number): Promise<ParquetFooter> {
  const tail = await readRange(file, {
    offset: fileLengthBytes - TAIL_LENGTH_BYTES,
    lengthBytes: TAIL_LENGTH_BYTES,
  });
  if (tail.toString("latin1", 4) !== MAGIC) throw new RangeError("It does not end as a Parquet file does");
  const lengthBytes = tail.readUInt32LE(0);
  if (lengthBytes > FOOTER_LENGTH_BYTES_MAX) throw new RangeError("Its footer is too long");
  const start = fileLengthBytes - TAIL_LENGTH_BYTES - lengthBytes;
  const bytes = await readRange(file, { offset: start, lengthBytes });
  const { struct } = parseThrift(bytes);
  const rowGroups = structs(struct.get(4)).map((group) => ({
    rows: number(group.get(3)),
    columns: new Map(structs(group.get(1)).map((chunk) => columnRange(asStruct(chunk.get(3))))),
  }));
  const metadata = structs(struct.get(5)).map((pair): [string, FileRange] => {
    const value = binary(pair.get(2));
    const offset = start + value.byteOffset - bytes.byteOffset;
    return [binary(pair.get(1)).toString(), { offset, lengthBytes: value.length }];
  });
  return { rowGroups, metadata: new Map(metadata) };
}

/** @throws RangeError if the file is shorter */
export async function readRange(file: FileHandle, { offset, lengthBytes }: FileRange): Promise<Buffer> {
  if (offset < 0) throw new RangeError("The file is too short");
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  const { bytesRead } = await file.read(bytes, 0, lengthBytes, offset);
  if (bytesRead !== lengthBytes) throw new RangeError(`The file ends at byte ${offset + bytesRead}`);
  return bytes;
}

/** The name of a column, and where its pages are in a row group. */
function columnRange(metadata: ThriftStruct): [string, FileRange] {
  const path = list(metadata.get(3)).map((part) => binary(part).toString());
  const dictionary = metadata.get(11);
  const first = number(metadata.get(9));
  return [
    path.join("."),
    {
      offset: dictionary === undefined ? first : Math.min(first, number(dictionary)),
      lengthBytes: number(metadata.get(7)),
    },
  ];
}

function list(value: Thrift | undefined): readonly Thrift[] {
  if (Array.isArray(value)) return value as readonly Thrift[];
  throw new RangeError("A list is missing");
}

function structs(value: Thrift | undefined): ThriftStruct[] {
  return list(value).map(asStruct);
}

function asStruct(value: Thrift | undefined): ThriftStruct {
  if (value instanceof Map) return value;
  throw new RangeError("A struct is missing");
}

export function number(value: Thrift | undefined): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError("A number is missing");
}

function binary(value: Thrift | undefined): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new RangeError("Bytes are missing");
}
