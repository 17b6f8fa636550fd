import {
  decodeBase64,
  encodeBase64,
  verifiersOf,
  VerificationError,
  verifyNote,
  type LogKeys,
  type NoteVerifier,
  type VerifiedNote,
} from "@stele/proof";
import { isInOrder } from "./segment-digests.ts";
import { isConsistent, type DescribedSegment, type Segment, type SegmentDigests } from "./segment.ts";

/** What tells all nodes that entries are sealed, and where: docs/spec/segment.md. */
export interface SegmentRecord {
  /** With its digests. */
  readonly segment: DescribedSegment;
  /** Where the commit begins that holds entry `end - 1`, or `end`: whoever knows the segment reads the journal from there on. */
  readonly resume: number;
  /** Until when the vault was asked to keep the file (Unix milliseconds). */
  readonly retainUntilMs?: number;
}

/** No checkpoint has this first line, so that neither can be taken for the other. */
const FIRST_LINE = "stele.segment/v1";
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** The record as a signed note, which `sign` makes of its text. @throws what that throws */
export async function formatSegmentRecord(
  record: SegmentRecord,
  sign: (text: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  return await sign(recordText(record));
}

/**
 * @param bytes untrusted
 * @param log the keys of the log; or the verifier of the only one
 * @param place names the record in errors
 * @param start where its entries must begin, if that is known: each record is under a key of its own
 * @throws VerificationError `segment_record_corrupt` unless the log signed it, and what it says fits together
 */
export function parseSegmentRecord(
  bytes: Uint8Array,
  log: NoteVerifier | LogKeys,
  place: string,
  start?: number,
): SegmentRecord {
  let record: SegmentRecord;
  let note: VerifiedNote;
  try {
    note = verifyNote(bytes, verifiersOf(log));
    const { text } = note;
    const [first, json, ...rest] = text.split("\n");
    if (first !== FIRST_LINE || json === undefined || rest.join() !== "") {
      throw new RangeError("it is not a record of a segment");
    }
    record = recordOf(JSON.parse(json) as RecordJson);
    if (recordText(record) !== text) throw new RangeError("it is not in canonical form");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw corruptRecord(place, why, { cause });
  }
  const wrong = contradiction(record, "key" in log ? log.key.name : log.origin) ?? overdue(record, note, log);
  if (wrong !== undefined) throw corruptRecord(place, wrong);
  if (start !== undefined && record.segment.start !== start) {
    throw corruptRecord(place, `it is of entries from ${record.segment.start} on, not from ${start}`);
  }
  return record;
}

/**
 * Entries may be sealed long after they were signed, with any later key; but a key that was retired knew of no more than it
 * may have signed.
 */
function overdue(
  { segment }: SegmentRecord,
  { verified }: VerifiedNote,
  log: NoteVerifier | LogKeys,
): string | undefined {
  if ("key" in log) return undefined;
  const signers = log.keys.filter((key) => verified.some(({ verifier }) => verifier === key.verifier));
  if (signers.some(({ toSize }) => segment.end <= toSize)) return undefined;
  return `it is signed only by ${signers.map(({ vkey }) => vkey).join(", ")}, which was retired before`;
}

function recordText({ segment, resume, retainUntilMs }: SegmentRecord): string {
  const { origin, start, end, key, version, lengthBytes, digests, checkpoint, ids, statistics } = segment;
  const json: RecordJson = {
    origin,
    start,
    end,
    key,
    ...(version !== undefined && { version }),
    length_bytes: lengthBytes,
    ...(retainUntilMs !== undefined && { retain_until: new Date(retainUntilMs).toISOString() }),
    sha256: hex(digests.file),
    columns_sha256: hex(digests.columns),
    entry_ranges: digests.entryRanges.map(({ rows, from, to, sha256 }) => ({
      rows,
      from,
      to,
      sha256: hex(sha256),
    })),
    resume,
    subtree_hashes: encodeBase64(segment.subtreeHashes),
    checkpoint,
    ids,
    statistics,
  };
  return `${FIRST_LINE}\n${JSON.stringify(json)}\n`;
}

function recordOf(json: RecordJson): SegmentRecord {
  const { origin, start, end, key, version, resume, retain_until, checkpoint, ids, statistics } = json;
  const digests: SegmentDigests = {
    file: sha256Of(json.sha256),
    columns: sha256Of(json.columns_sha256),
    entryRanges: json.entry_ranges.map(({ rows, from, to, sha256 }) => ({
      rows,
      from,
      to,
      sha256: sha256Of(sha256),
    })),
  };
  return {
    segment: {
      key,
      ...(version !== undefined && { version }),
      digests,
      origin,
      start,
      end,
      subtreeHashes: decodeBase64(json.subtree_hashes),
      checkpoint,
      lengthBytes: json.length_bytes,
      ids,
      statistics,
    },
    resume,
    ...(retain_until !== undefined && { retainUntilMs: Date.parse(retain_until) }),
  };
}

/** What of a record can't be true, if anything. */
function contradiction({ segment, resume }: SegmentRecord, origin: string): string | undefined {
  const { start, end, lengthBytes, digests, key } = segment;
  const rows = digests.entryRanges.reduce((sum, range) => sum + range.rows, 0);
  if (segment.origin !== origin)
    return `it is of the log ${JSON.stringify(segment.origin)}, not of ${origin}`;
  if (!isConsistent(segment)) return `its key ${key}, its range and its hashes do not fit together`;
  if (!Number.isSafeInteger(lengthBytes) || !isInOrder(digests.entryRanges, lengthBytes)) {
    return "its entry ranges are not ascending ranges of the file";
  }
  if (rows !== end - start || digests.entryRanges.some((range) => !(range.rows > 0))) {
    return `its entry ranges have ${rows} rows, not ${end - start}`;
  }
  if (!Number.isSafeInteger(resume) || resume < 0 || resume > end) return `it can't resume at ${resume}`;
  return undefined;
}

interface RecordJson {
  readonly origin: string;
  readonly start: number;
  readonly end: number;
  readonly key: string;
  readonly version?: string;
  readonly length_bytes: number;
  readonly retain_until?: string;
  readonly sha256: string;
  readonly columns_sha256: string;
  readonly entry_ranges: readonly {
    readonly rows: number;
    readonly from: number;
    readonly to: number;
    readonly sha256: string;
  }[];
  readonly resume: number;
  readonly subtree_hashes: string;
  readonly checkpoint: string;
  readonly ids: Segment["ids"];
  readonly statistics: Segment["statistics"];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function sha256Of(text: string): Uint8Array {
  if (!SHA256_HEX.test(text)) throw new RangeError("a SHA-256 is not 64 hexadecimal digits");
  return Buffer.from(text, "hex");
}

function corruptRecord(place: string, what: string, options: ErrorOptions = {}): VerificationError {
  return new VerificationError(
    "segment_record_corrupt",
    `The record of a segment ${place} is damaged: ${what}. Restore it from a copy`,
    { place },
    options,
  );
}
