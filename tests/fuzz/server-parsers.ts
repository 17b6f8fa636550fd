import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  CompactRange,
  decodeUtf8,
  encodeUtf8,
  formatVerifierKey,
  noteVerifier,
  signNote,
} from "@stele/proof";
import { UsageError } from "../../packages/cli/src/cli-error.ts";
import { serveFlags } from "../../packages/cli/src/serve-options.ts";
import { verifyTimestamp } from "../../packages/server/src/anchor/timestamp.ts";
import { parseTimestampResponse } from "../../packages/server/src/anchor/timestamp-token.ts";
import { formatTokens, readTokenFile } from "../../packages/server/src/access/tokens.ts";
import { decodeContent } from "../../packages/server/src/event/content-decoding.ts";
import { DEFAULT_EVENT_LIMITS, ENTRY_BYTES_MAX } from "../../packages/server/src/event/limits.ts";
import { EventNormalizer } from "../../packages/server/src/event/normalizer.ts";
import { unpackEvidence } from "../../packages/server/src/evidence/evidence-file.ts";
import { formatLogFile, parseLogFile } from "../../packages/server/src/log/log-key.ts";
import { nativeHasher } from "../../packages/server/src/log/native-hasher.ts";
import { formatMonitorState, parseMonitorState } from "../../packages/server/src/monitor/monitor-state.ts";
import { formatCursor, parseCursor } from "../../packages/server/src/search/cursor.ts";
import { formatQuery, parseQuery } from "../../packages/query/src/index.ts";
import { formatSegmentRecord, parseSegmentRecord } from "../../packages/server/src/search/segment-record.ts";
import { formatSegmentMetadata, parseSegmentMetadata } from "../../packages/server/src/search/segment.ts";
import { parseThrift } from "../../packages/server/src/search/thrift.ts";
import { formatCommit, parseCommit } from "../../packages/server/src/store/commit.ts";
import { formatFence, parseFence } from "../../packages/server/src/store/fence.ts";
import { parseStoreUrl } from "../../packages/server/src/store/store-url.ts";
import { formatFrame, readFrame } from "../../packages/server/src/witness/state-frame.ts";
import { parseLogList } from "../../packages/server/src/witness/witnessed-logs.ts";
import { ORIGIN, TestLog } from "../../packages/proof/src/testing/test-log.ts";
import type { FuzzedParser } from "./fuzz.ts";

const RECEIVED_AT = "2026-03-01T12:00:00.000Z";
const NOW_MS = Date.UTC(2026, 2, 1);
/** No decoded body may be larger; small, so that what unpacks to too much does so at once. */
const BODY_BYTES_MAX = 1 << 20;

const EVENT =
  '{"id":"e1","occurred_at":"2026-02-28T23:59:59.5+01:00","action":"document.read","actor":{"id":"alice","type":"user"},' +
  '"targets":[{"type":"document","id":"d-1"}],"context":{"ip":"2001:db8::1"},"outcome":"denied","tenant":"acme",' +
  '"source":{"id":"app-1","seq":7},"metadata":{"a":{"b":[1,-2.5e3,null,true,"\\u00e9\\n"]}}}';

const QUERIES = [
  "actor:alice action:document.* -tenant:acme ip:10.0.0.0/8 after:2026-01-01",
  'metadata.region:eu,us "free text" outcome:denied before:-24h',
  'metadata."a.b":"x\\"y" -ip:2001:db8::/32 a*b',
];

/** A file that a parser opens by itself. */
class ScratchFile {
  readonly #directory = mkdtempSync(join(tmpdir(), "stele-fuzz-"));
  readonly path = join(this.#directory, "file");

  write(bytes: Uint8Array): string {
    writeFileSync(this.path, bytes);
    return this.path;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Everything of `@stele/server` and `@stele/cli` that takes bytes of clients, stores, files and other nodes. */
export async function serverParsers(): Promise<{ parsers: FuzzedParser[]; close: () => void }> {
  const log = new TestLog(300, undefined, nativeHasher);
  const vkey = formatVerifierKey(log.signer.key);
  const checkpoint = decodeUtf8(await log.signedCheckpoint(300));
  const commit = { id: "0123456789abcdef".repeat(2), origin: ORIGIN, start: 5, count: 2, checkpoint };
  const segment = {
    key: "0000000000000000-0000000000000256-00c0ffee.parquet",
    origin: ORIGIN,
    start: 0,
    end: 256,
    subtreeHashes: log.hash(8, 0),
    checkpoint,
    lengthBytes: 10_000,
    ids: { algorithm: "none" } as never,
    statistics: { occurred_at: [1, 2], received_at: [1, 2], values: { action: ["a.b"] } } as const,
    digests: {
      file: log.hash(0, 1),
      columns: log.hash(0, 2),
      entryRanges: [
        { rows: 200, from: 4, to: 5_000, sha256: log.hash(0, 3) },
        { rows: 56, from: 6_000, to: 7_000, sha256: log.hash(0, 4) },
      ],
    },
  };
  const texts: string[] = [];
  for (const retainUntilMs of [undefined, Date.UTC(2033, 0, 1)]) {
    await formatSegmentRecord(
      { segment, resume: 200, ...(retainUntilMs !== undefined && { retainUntilMs }) },
      async (text) => {
        texts.push(text);
        return await signNote(text, [log.signer]);
      },
    );
  }
  const normalizer = new EventNormalizer({
    limits: DEFAULT_EVENT_LIMITS,
    idHashSeed: { k0: 1, k1: 2 },
    fillRandom: (bytes) => bytes,
  });
  const normalize = (type: "json" | "ndjson") => (bytes: Buffer) => {
    const batch = normalizer.normalize(bytes, type, RECEIVED_AT);
    let begin = 0;
    for (const end of batch.ends) {
      const entry = decodeUtf8(batch.bytes.subarray(begin, end - 1));
      JSON.parse(entry);
      if (entry.includes("\n") || end - 1 - begin > ENTRY_BYTES_MAX)
        throw new Error(`not an entry: ${entry}`);
      begin = end;
    }
    return undefined;
  };
  const state = {
    origin: ORIGIN,
    vkey,
    statements: [],
    notes: [checkpoint],
    range: CompactRange.from(256, [log.hash(8, 0)]),
    grewAtMs: NOW_MS,
    places: {
      "https://a.example": { treeSize: 256, target: { treeSize: 300, sinceMs: NOW_MS }, pending: checkpoint },
    },
  };
  const token = { name: "t", role: "reader", sha256: "ab".repeat(32), created_at: RECEIVED_AT } as const;
  const tokenFile = new ScratchFile();
  const configFile = new ScratchFile();
  const query = parseQuery(QUERIES[0]!, { nowMs: NOW_MS });

  const parsers: FuzzedParser[] = [
    {
      name: "commit",
      corpus: [
        Buffer.concat(formatCommit({ ...commit, lines: [Buffer.from(`${EVENT}\n`), Buffer.from("{}\n")] })),
      ],
      parse: (bytes) => {
        const { entryLines, endOffset, ...parsed } = parseCommit(bytes, 0);
        const formatted = Buffer.concat(formatCommit({ ...parsed, lines: [entryLines] }));
        return Buffer.concat([formatted, bytes.subarray(endOffset)]);
      },
    },
    {
      name: "fence",
      corpus: [formatFence({ origin: ORIGIN, start: 7, successor: "s3://b/ü" })],
      parse: (bytes) => {
        const fence = parseFence(bytes);
        return fence && formatFence(fence);
      },
    },
    {
      // Signed again after each change: otherwise nothing would get behind the signature.
      name: "segment-record",
      corpus: texts.map(encodeUtf8),
      parse: async (bytes) => {
        const note = await signNote(decodeUtf8(bytes), [log.signer]);
        const record = parseSegmentRecord(note, noteVerifier(log.signer.key), "here");
        let text = "";
        await formatSegmentRecord(record, async (formatted) => {
          text = formatted;
          return note;
        });
        return encodeUtf8(text);
      },
    },
    {
      name: "segment-metadata",
      corpus: [encodeUtf8(formatSegmentMetadata(segment))],
      parse: (bytes) => {
        parseSegmentMetadata(bytes.toString(), segment.key, segment.lengthBytes);
        return undefined;
      },
    },
    {
      name: "thrift",
      // A struct with every type: a bool, a byte, integers, a binary, a list of integers, a list of structs.
      corpus: [Buffer.from("1113051502180361626319250204191c1502000540061c15020000", "hex")],
      parse: (bytes) => {
        parseThrift(bytes);
        return undefined;
      },
      throws: [RangeError],
    },
    {
      // Made with `openssl ts -reply`.
      name: "timestamp",
      corpus: [readFileSync(new URL("timestamp.tsr", import.meta.url))],
      parse: (bytes) => {
        parseTimestampResponse(bytes);
        return undefined;
      },
    },
    {
      name: "timestamp-verified",
      corpus: [readFileSync(new URL("timestamp.tsr", import.meta.url))],
      parse: (bytes) => {
        verifyTimestamp(bytes, createHash("sha256").update("checkpoint").digest());
        return undefined;
      },
    },
    {
      name: "witness-state",
      corpus: [formatFrame({ generation: 1, sequence: 2, content: { a: [1, "x"] } }), Buffer.alloc(8192)],
      parse: (bytes) => {
        readFrame(bytes, 0);
        return undefined;
      },
    },
    {
      name: "log-file",
      corpus: [formatLogFile({ origin: ORIGIN, vkey, createdAt: RECEIVED_AT, trimDelayMs: 3_600_000 })].map(
        encodeUtf8,
      ),
      parse: (bytes) => {
        const parsed = parseLogFile(bytes.toString(), "log.json");
        parseLogFile(formatLogFile(parsed), "log.json");
        return undefined;
      },
    },
    {
      name: "token-file",
      corpus: [encodeUtf8(formatTokens([token, { ...token, name: "u" }])), encodeUtf8('{"tokens":[]}')],
      parse: (bytes) => {
        formatTokens(readTokenFile(tokenFile.write(bytes)));
        return undefined;
      },
    },
    {
      name: "config",
      corpus: [
        encodeUtf8("data: ./stele-data\nport: 8080\nmirror:\n  - file:///m\nstore-timeout: 5s\n"),
        encodeUtf8("{ data: x, segment-entries: 1024 }"),
      ],
      parse: (bytes) => {
        serveFlags({ config: configFile.write(bytes) });
        return undefined;
      },
      // The command line's own, which ends with 2.
      throws: [UsageError],
    },
    {
      name: "query",
      corpus: QUERIES.map(encodeUtf8),
      parse: (bytes) => {
        const clock = { nowMs: NOW_MS };
        const canonical = formatQuery(parseQuery(bytes.toString(), clock));
        // The canonical form may be longer than a query can be.
        if (canonical.length > 1_000) return undefined;
        const again = formatQuery(parseQuery(canonical, clock));
        if (again !== canonical) throw new Error(`no fixed point: ${canonical} becomes ${again}`);
        return undefined;
      },
    },
    {
      name: "cursor",
      corpus: [encodeUtf8(formatCursor(query, "newest", 300))],
      parse: (bytes) =>
        encodeUtf8(formatCursor(query, "newest", parseCursor(bytes.toString(), query, "newest"))),
    },
    {
      name: "events-json",
      corpus: [encodeUtf8(EVENT), encodeUtf8(`[${EVENT.replace("e1", "e2")}]`)],
      parse: normalize("json"),
    },
    {
      name: "events-ndjson",
      corpus: [encodeUtf8(`${EVENT}\n\n${EVENT.replace("e1", "e2")}\n`)],
      parse: normalize("ndjson"),
    },
    {
      name: "gzip-body",
      corpus: [gzipSync(EVENT), gzipSync(Buffer.alloc(BODY_BYTES_MAX))],
      parse: (bytes) => {
        if (decodeContent(bytes, "gzip", BODY_BYTES_MAX).length > BODY_BYTES_MAX) throw new Error("too long");
        return undefined;
      },
    },
    {
      name: "evidence-file",
      corpus: [gzipSync("{}"), encodeUtf8("{}")],
      parse: (bytes) => {
        unpackEvidence("here", bytes);
        return undefined;
      },
    },
    {
      name: "store-url",
      corpus: [
        "s3://bucket/a/b/?endpoint=http://127.0.0.1:9000,http://h&region=eu&vault=vault/p",
        "file:///var/lib/stele",
      ].map(encodeUtf8),
      parse: (bytes) => {
        parseStoreUrl("--journal", bytes.toString());
        return undefined;
      },
    },
    {
      name: "log-list",
      corpus: [encodeUtf8(`# logs\nlog ${vkey} https://log.example\n${vkey}\nquorum none\n`)],
      parse: (bytes) => {
        parseLogList(bytes.toString(), "logs");
        return undefined;
      },
    },
    {
      name: "monitor-state",
      corpus: [encodeUtf8(formatMonitorState(state))],
      parse: (bytes) => {
        formatMonitorState(parseMonitorState(bytes.toString()));
        return undefined;
      },
      // It is told as `monitor_state_malformed`, with this as the cause.
      throws: [SyntaxError],
    },
  ];
  const close = (): void => {
    tokenFile.remove();
    configFile.remove();
  };
  return { parsers, close };
}
