import {
  checkpointPolicy,
  CompactRange,
  cosignatureVerifier,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  findMisbehaviour,
  followSuccession,
  formatAddCheckpoint,
  formatCheckpoint,
  formatCompactRange,
  formatDecimal,
  formatEntryBundle,
  formatEvidence,
  formatKeyStatement,
  formatMisbehaviour,
  formatNote,
  formatPolicy,
  formatSignatureLine,
  formatTile,
  formatTilePath,
  formatTimestampedSignature,
  formatTlogProof,
  formatVerifierKey,
  leafHash,
  noteVerifier,
  parseAddCheckpoint,
  parseCheckpoint,
  parseCompactRange,
  parseDecimal,
  parseEntryBundle,
  parseEvidence,
  parseKeyStatement,
  parseMisbehaviour,
  parseNote,
  parsePolicy,
  parseSignatureLine,
  parseTile,
  parseTilePath,
  parseTimestampedSignature,
  parseTlogProof,
  parseVerifierKey,
  policyLogs,
  proveConsistency,
  proveInclusion,
  rangeNodes,
  signKeyStatement,
  verifyCheckpoint,
  verifyEvidence,
  verifyMisbehaviour,
  verifyTlogProof,
} from "@stele/proof";
import { testEvidence } from "../../packages/proof/src/testing/test-evidence.ts";
import { ORIGIN, TestLog, testSigner, testWitness } from "../../packages/proof/src/testing/test-log.ts";
import type { FuzzedParser } from "./fuzz.ts";

/** A parser of text: what is not UTF-8 does not get as far. */
const ofText =
  (parse: (text: string) => string | undefined): FuzzedParser["parse"] =>
  (bytes) => {
    const text = parse(decodeUtf8(bytes));
    return text === undefined ? undefined : encodeUtf8(text);
  };
const texts = (...some: readonly string[]): Uint8Array[] => some.map(encodeUtf8);

/** The first byte says how many entries or hashes there are to be: whoever calls knows that from elsewhere. */
const withWidth = (
  widths: readonly (readonly [width: number, bytes: Uint8Array])[],
  parse: (bytes: Uint8Array, width: number) => Uint8Array,
): Pick<FuzzedParser, "corpus" | "parse"> => ({
  corpus: widths.map(([width, bytes]) => Buffer.concat([Buffer.of(width - 1), bytes])),
  parse: (bytes) => Buffer.concat([bytes.subarray(0, 1), parse(bytes.subarray(1), (bytes[0] ?? 0) + 1)]),
});

/** Everything of `@stele/proof` that takes bytes of strangers. */
export async function proofParsers(): Promise<FuzzedParser[]> {
  const log = new TestLog(300);
  const fork = new TestLog(300, (i) => (i < 100 ? `entry ${i}` : `forged ${i}`));
  const witness = testWitness("witness.example/w", 3);
  const signed = await log.signedCheckpoint(300);
  const cosigned = await witness.cosign(signed, 1_700_000_000);
  const policy = [
    "# who is believed",
    `log ${formatVerifierKey(log.signer.key)} https://log.example/test`,
    `witness one ${formatVerifierKey(witness.key)}`,
    `witness two ${formatVerifierKey(testWitness("witness.example/v", 4).key)} https://w.example`,
    "group some any one two",
    "quorum some",
    "",
  ].join("\n");
  const consistency = await proveConsistency(100, 300, log.readHashes);
  const inclusion = {
    leafIndex: 123,
    proof: await proveInclusion(123, 300, log.readHashes),
    checkpoint: cosigned,
  };
  const contradictions = await Promise.all(
    [150, 300].map(async (size) =>
      findMisbehaviour(await log.checkpoint(size), await fork.checkpoint(300), fork.readHashes),
    ),
  );
  const misbehaviours = contradictions.map((found) => formatMisbehaviour(found!));
  const successor = testSigner(ORIGIN, 5);
  const [before, after] = [log.signer.key, successor.key].map(formatVerifierKey);
  const statements = [
    { kind: "succession", origin: ORIGIN, before: before!, after: after!, treeSize: 100 },
    { kind: "retirement", origin: ORIGIN, vkey: before!, treeSize: 200 },
  ] as const;
  const succession = await signKeyStatement(statements[0], [log.signer, successor]);
  const evidence = await Promise.all([
    testEvidence([3, 4, 50]).then(formatEvidence),
    testEvidence([]).then(formatEvidence),
  ]);
  const ranges = [0, 1, 255, 256, 300].map((size) => {
    const hashes = rangeNodes(0, size).map(({ level, index }) => log.hash(level, index));
    return formatCompactRange(CompactRange.from(size, hashes));
  });
  const range = CompactRange.from(7, [log.hash(0, 5), log.hash(0, 6)], { begin: 5 });
  const resources = log.resources();
  const note = parseNote(cosigned);
  const signatureLines = note.signatures.map(formatSignatureLine);
  const logKey = noteVerifier(log.signer.key);
  const believed = parsePolicy(encodeUtf8(policy));

  return [
    {
      name: "note",
      corpus: [signed, cosigned],
      parse: (bytes) => {
        const { text, signatures } = parseNote(bytes);
        return formatNote(text, signatures);
      },
    },
    {
      name: "signature-line",
      corpus: texts(...signatureLines),
      parse: ofText((text) => formatSignatureLine(parseSignatureLine(text))),
    },
    {
      name: "cosignature",
      corpus: [note.signatures[1]!.signature],
      parse: (bytes) => formatTimestampedSignature(parseTimestampedSignature(bytes)),
    },
    {
      name: "checkpoint",
      corpus: texts(note.text, `${note.text}extension\nmore\n`),
      parse: ofText((text) => formatCheckpoint(parseCheckpoint(text))),
    },
    {
      name: "checkpoint-signed",
      corpus: [signed, cosigned],
      parse: (bytes) => {
        const verified = verifyCheckpoint(bytes, policyLogs(believed), {
          witnesses: [cosignatureVerifier(witness.key)],
        });
        return formatNote(verified.note.text, verified.note.signatures);
      },
    },
    {
      name: "checkpoint-policy",
      corpus: [cosigned],
      parse: (bytes) => {
        verifyCheckpoint(bytes, policyLogs(believed), checkpointPolicy(believed));
        return undefined;
      },
    },
    {
      name: "vkey",
      corpus: texts(before!, formatVerifierKey(witness.key)),
      parse: ofText((text) => formatVerifierKey(parseVerifierKey(text))),
    },
    {
      name: "base64",
      corpus: texts("", "AA==", "AAA=", "q83v", before!.slice(-44)),
      parse: ofText((text) => encodeBase64(decodeBase64(text))),
    },
    {
      name: "utf8",
      corpus: texts("a\u00e9\u20ac\u{1f600}\u0000"),
      parse: (bytes) => encodeUtf8(decodeUtf8(bytes)),
    },
    {
      name: "decimal",
      corpus: texts("0", "7", "9007199254740991"),
      parse: ofText((text) => formatDecimal("n", parseDecimal("n", text))),
    },
    {
      name: "tile",
      ...withWidth(
        [
          [256, resources.get("tile/0/000")!],
          [44, resources.get("tile/0/001.p/44")!],
          [1, resources.get("tile/1/000.p/1")!],
        ],
        (bytes, width) => formatTile(parseTile(bytes, width)),
      ),
    },
    {
      name: "tile-path",
      corpus: texts(
        "tile/0/000",
        "tile/63/x001/x234/067.p/255",
        "tile/entries/x001/000",
        "tile/entries/000.p/1",
      ),
      parse: ofText((text) => formatTilePath(parseTilePath(text))),
    },
    {
      name: "entry-bundle",
      ...withWidth(
        [
          [256, resources.get("tile/entries/000")!],
          [44, resources.get("tile/entries/001.p/44")!],
          [1, Buffer.of(0, 0)],
        ],
        (bytes, width) => formatEntryBundle(parseEntryBundle(bytes, width)),
      ),
    },
    {
      name: "compact-range",
      corpus: [...ranges, formatCompactRange(range)],
      parse: (bytes) => formatCompactRange(parseCompactRange(bytes)),
    },
    {
      name: "tlog-proof",
      corpus: [formatTlogProof(inclusion), formatTlogProof({ ...inclusion, extra: log.entries[123]! })],
      parse: (bytes) => formatTlogProof(parseTlogProof(bytes)),
    },
    {
      name: "tlog-proof-verified",
      corpus: [formatTlogProof(inclusion)],
      parse: (bytes) => {
        verifyTlogProof(bytes, leafHash(log.entries[123]!), logKey);
        return undefined;
      },
    },
    {
      name: "add-checkpoint",
      corpus: [
        formatAddCheckpoint({ oldTreeSize: 0, proof: [], checkpoint: signed }),
        formatAddCheckpoint({ oldTreeSize: 100, proof: consistency, checkpoint: cosigned }),
      ],
      parse: (bytes) => formatAddCheckpoint(parseAddCheckpoint(bytes)),
    },
    {
      name: "policy",
      corpus: texts(policy, "quorum none\n"),
      parse: (bytes) => {
        // Remarks and spaces are lost once, and nothing after that.
        const canonical = formatPolicy(parsePolicy(bytes));
        if (!Buffer.from(formatPolicy(parsePolicy(canonical))).equals(canonical))
          throw new Error("no fixed point");
        return undefined;
      },
    },
    {
      name: "key-statement",
      corpus: texts(...statements.map(formatKeyStatement)),
      parse: ofText((text) => formatKeyStatement(parseKeyStatement(text))),
    },
    {
      name: "succession",
      corpus: [succession],
      parse: (bytes) => {
        followSuccession(before!, [bytes]);
        return undefined;
      },
    },
    { name: "evidence", corpus: evidence, parse: (bytes) => formatEvidence(parseEvidence(bytes)) },
    {
      name: "evidence-verified",
      corpus: evidence,
      parse: (bytes) => {
        verifyEvidence(parseEvidence(bytes), {});
        return undefined;
      },
    },
    {
      name: "misbehaviour",
      corpus: misbehaviours,
      parse: (bytes) => formatMisbehaviour(parseMisbehaviour(bytes)),
    },
    {
      name: "misbehaviour-verified",
      corpus: misbehaviours,
      parse: (bytes) => {
        verifyMisbehaviour(bytes, logKey);
        return undefined;
      },
    },
  ];
}
