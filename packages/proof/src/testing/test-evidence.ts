import { proveBatchInclusion } from "../batch-inclusion.ts";
import { completenessOf } from "../evidence-completeness.ts";
import { formatEvidence, type Evidence } from "../evidence.ts";
import { decodeUtf8 } from "../utf8.ts";
import { formatVerifierKey } from "../verifier-key.ts";
import { TestLog, testWitness } from "./test-log.ts";

export const witnesses = [testWitness("witness.example/one", 2), testWitness("witness.example/two", 3)];
export const COSIGNED_AT_SECONDS = 1_700_000_000;

/** An entry as the server writes them; every third is of a source, with a number. */
export function testEntry(index: number): string {
  const source = index % 3 === 0 ? `,"source":{"id":"door","seq":${index / 3}}` : "";
  return `{"v":1,"id":"e-${index}","occurred_at":"2026-01-05T12:00:00.000Z","received_at":"2026-01-05T12:00:00.000Z","action":"door.opened","actor":{"type":"user","id":"ann “<b>"},"outcome":"success"${source}}`;
}

export const evidenceLog = new TestLog(100, testEntry);

/** A log, two witnesses, of which both must have cosigned. */
export const testPolicy = [
  `log ${formatVerifierKey(evidenceLog.signer.key)}`,
  `witness one ${formatVerifierKey(witnesses[0]!.key)}`,
  `witness two ${formatVerifierKey(witnesses[1]!.key)}`,
  "group both all one two",
  "quorum both",
  "",
].join("\n");

/** A bundle of the entries with these indexes that verifies. */
export async function testEvidence(indexes: readonly number[], treeSize = 100): Promise<Evidence> {
  let note = await evidenceLog.signedCheckpoint(treeSize);
  for (const witness of witnesses) note = await witness.cosign(note, COSIGNED_AT_SECONDS);
  const entries = indexes.map((leafIndex) => ({ leafIndex, entry: testEntry(leafIndex) }));
  return {
    checkpoint: decodeUtf8(note),
    policy: testPolicy,
    succession: [],
    declared: {
      by: "auditor",
      at: "2026-01-06T08:00:00.000Z",
      query: "action:door.*",
      normalQuery: "action:door.*",
      searchedSize: treeSize,
      allMatches: true,
    },
    provable: completenessOf(entries),
    proof: indexes.length === 0 ? [] : await proveBatchInclusion(indexes, treeSize, evidenceLog.readHashes),
    entries,
  };
}

/** Its JSON as text. */
export function textOfEvidence(evidence: Evidence): string {
  return decodeUtf8(formatEvidence(evidence));
}

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "</pre></td><script>alert(2)</script>",
  "javascript:alert(3)//\"'><svg onload=alert(4)>",
  "‮txt.exe⁦ {{constructor.constructor('alert(5)')()}}",
];

/** A bundle that verifies, of entries that try to be more than text. */
export async function hostileEvidence(): Promise<Evidence> {
  const contents = (index: number) => {
    const text = JSON.stringify(HOSTILE[index % HOSTILE.length]);
    return `{"v":1,"id":"e-${index}","occurred_at":${text},"received_at":${text},"action":${text},"actor":{"type":${text},"id":${text},"name":${text}},"targets":[{"type":"x","id":${text}}],"outcome":${text},"source":{"id":${text},"seq":${index}}}`;
  };
  const log = new TestLog(HOSTILE.length, contents);
  const entries = HOSTILE.map((_, leafIndex) => ({ leafIndex, entry: contents(leafIndex) }));
  const [text] = HOSTILE;
  return {
    ...(await testEvidence([])),
    checkpoint: decodeUtf8(await log.signedCheckpoint()),
    declared: {
      by: text,
      at: "2026-01-06T08:00:00.000Z",
      query: text!,
      normalQuery: `-action:"${text}?"`,
      searchedSize: log.treeSize,
      allMatches: true,
    },
    policy: `# ${text}\n${testPolicy}`,
    provable: completenessOf(entries),
    proof: [],
    entries,
  };
}
