import {
  decodeUtf8,
  encodeBase64,
  formatKeyId,
  formatNote,
  formatVerifierKey,
  parseVerifierKey,
  SteleError,
  VerificationError,
  type Evidence,
  type VerifiedCheckpoint,
  type VerifiedEvidence,
} from "@stele/proof";
import { type Content, element, foreign, grouped } from "./element.ts";
import { entriesView } from "./entries-view.ts";
import { signaturesOf, type VerifiedFile } from "./verify-file.ts";

const TRUSTED = "you trust";
const STATED = "the file states";

type Verdict = "good" | "caution" | "bad";

/** What was found out about a file. */
export function resultView(name: string, file: VerifiedFile): HTMLElement {
  switch (file.kind) {
    case "evidence":
      return evidenceView(name, file.evidence, file.verified);
    case "proof": {
      const { verified, entry, note } = file;
      return element(
        "section",
        {},
        banner("good", name, "Verified with the key that you trust."),
        list("Proven", [
          [`Entry ${grouped(verified.leafIndex)} is in the log, byte for byte.`],
          ...cosignatureLines(verified.checkpoint),
        ]),
        checkpointView(verified.checkpoint, note, keysThatSigned(verified.checkpoint), TRUSTED),
        part("Entry", entriesView([{ leafIndex: verified.leafIndex, entry }])),
      );
    }
    case "misbehaviour": {
      const { older, newer, origin } = file.verified;
      const views = [older, newer].map((checkpoint) =>
        checkpointView(checkpoint, noteOf(checkpoint), keysThatSigned(checkpoint), TRUSTED),
      );
      return element(
        "section",
        {},
        banner("bad", name, "The log misbehaved, and this file proves it."),
        list("Proven", [
          [
            "The log ",
            foreign(origin),
            ` signed a tree of ${grouped(newer.treeSize)} entries that does not begin with the tree of ${grouped(older.treeSize)} entries that it signed, too.`,
          ],
        ]),
        ...views,
      );
    }
  }
}

/** Why a file is not verified. */
export function failureView(name: string, error: unknown): HTMLElement {
  const code = error instanceof SteleError ? error.code : "unexpected";
  const message = error instanceof Error ? error.message : String(error);
  const isNeed = code === "key_needed" || code === "trust_malformed";
  const title = isNeed
    ? "Not looked at yet."
    : error instanceof VerificationError
      ? "Not verified: something in it is not true."
      : "Not verified: it is not what it should be.";
  return element(
    "section",
    {},
    banner(isNeed ? "caution" : "bad", name, title),
    element("p", { class: "reason" }, foreign(message)),
    element("p", { class: "code" }, "Code: ", element("code", {}, foreign(code))),
  );
}

function evidenceView(name: string, evidence: Evidence, verified: VerifiedEvidence): HTMLElement {
  const isTrusted = verified.keyFrom === "trusted";
  const { checkpoint, entries, witnessing, signedBy } = verified;
  const witnessed = witnessLine(witnessing);
  const isWitnessed = witnessing.policyFrom === "trusted";
  return element(
    "section",
    {},
    isTrusted
      ? banner("good", name, "Verified with the key that you trust.")
      : banner(
          "caution",
          name,
          "Checked only against the key that the file itself states. Whoever made the file can have made all of it: enter the log's key above, from somebody whom you trust.",
        ),
    list(isTrusted ? "Proven" : "True if the key that the file states is the log's", [
      [
        `${countOf(entries.length, "entry", "entries")}, byte for byte, at their indexes in the log's tree of ${grouped(checkpoint.treeSize)}.`,
      ],
      ...completenessLines(verified),
      ...(isWitnessed ? [witnessed] : []),
    ]),
    list("Only declared, by whoever made the file", [
      ...declaredLines(evidence),
      ...(isWitnessed ? [] : [witnessed]),
    ]),
    checkpointView(checkpoint, evidence.checkpoint, signedBy, isTrusted ? TRUSTED : STATED, verified),
    part(
      countOf(entries.length, "entry", "entries"),
      entries.length > 0 ? entriesView(entries) : element("p", {}, "None."),
    ),
    part(
      "Policy, as the file states it",
      element("pre", {}, ...evidence.policy.split("\n").map((line) => element("div", {}, foreign(line)))),
    ),
  );
}

const SOURCES_SHOWN = 20;

function completenessLines({ completeness: { run, sources } }: VerifiedEvidence): Content[][] {
  const lines: Content[][] = [];
  if (run)
    lines.push([
      `These are all entries of the log from index ${grouped(run.first)} to ${grouped(run.last)}.`,
    ]);
  for (const { id, first, last, missing } of sources.slice(0, SOURCES_SHOWN)) {
    const rest = missing === 0 ? " are all here." : `; ${grouped(missing)} of them are not here.`;
    lines.push(["Of the source ", foreign(id), `, the numbers ${first} to ${last}${rest}`]);
  }
  const further = sources.length - SOURCES_SHOWN;
  if (further > 0) lines.push([`And of ${grouped(further)} further sources.`]);
  return lines;
}

function declaredLines({ declared }: Evidence): Content[][] {
  const { by, at, normalQuery, searchedSize, allMatches } = declared;
  const among = `among the first ${countOf(searchedSize, "entry", "entries")} of the log`;
  return [
    ["Exported ", ...(by === undefined ? [] : ["by ", foreign(by), " "]), "at ", foreign(at), "."],
    [
      "Query: ",
      normalQuery === "" ? "everything" : element("code", {}, foreign(normalQuery)),
      " (this page does not search)",
    ],
    [
      allMatches
        ? `These are all matches ${among}.`
        : `These are the first matches; there were more ${among}.`,
    ],
  ];
}

function witnessLine({
  policyFrom,
  witnesses,
  required,
  reached,
}: VerifiedEvidence["witnessing"]): Content[] {
  const stated = policyFrom === "file";
  const cosigned = witnesses.filter(({ cosignedAtSeconds }) => cosignedAtSeconds !== undefined);
  if (witnesses.length === 0) {
    return [`There are no witnesses in ${stated ? "the policy that the file states" : "your policy"}.`];
  }
  if (cosigned.length === 0) {
    return [`No witness ${stated ? "that the file states" : "of your policy"} cosigned the checkpoint.`];
  }
  const names = cosigned.flatMap(({ name }, i): Content[] => [i > 0 ? ", " : "", foreign(name)]);
  const quorum = required && !reached ? ": fewer than its policy asks for" : "";
  return [
    stated ? "Cosigned by witnesses that the file states: " : "Cosigned by witnesses of your policy: ",
    ...names,
    `${quorum}.`,
  ];
}

function cosignatureLines({ cosignatures }: VerifiedCheckpoint): Content[][] {
  return cosignatures.map(({ name, timestampSeconds }) => [
    "Cosigned by ",
    foreign(name),
    ` at ${timeOf(timestampSeconds)}.`,
  ]);
}

function checkpointView(
  checkpoint: VerifiedCheckpoint,
  note: string,
  signedBy: readonly string[],
  whose: string,
  evidence?: VerifiedEvidence,
): HTMLElement {
  const { origin, treeSize, root, cosignatures } = checkpoint;
  const logs = signedBy.map(parseVerifierKey);
  const rows = signaturesOf(note).map(({ name, keyId }) => {
    const isOne = (key: { name: string; keyId: number }) => key.name === name && key.keyId === keyId;
    const cosignature = cosignatures.find(isOne);
    const stated = evidence?.witnessing.policyFrom === "file" ? STATED : TRUSTED;
    const [state, words] = logs.some(isOne)
      ? [whose === TRUSTED ? "good" : "caution", `the log's, right, by a key that ${whose}`]
      : cosignature
        ? [
            stated === TRUSTED ? "good" : "caution",
            `a witness's, right, by a key that ${stated}, at ${timeOf(cosignature.timestampSeconds)}`,
          ]
        : ["unknown", "of a key that is not known here: not looked at"];
    return element(
      "tr",
      { class: state },
      element("td", {}, foreign(name)),
      element("td", {}, element("code", {}, formatKeyId(keyId))),
      element("td", {}, words),
    );
  });
  const head = ["Signature of", "Key ID", "Found"].map((title) => element("th", { scope: "col" }, title));
  return part(
    "Checkpoint",
    element(
      "dl",
      {},
      ...pair("Log", foreign(origin)),
      ...pair("Tree", countOf(treeSize, "entry", "entries")),
      ...pair("Root", element("code", {}, encodeBase64(root))),
      ...logs.flatMap((_, i) => pair("Key", element("code", {}, foreign(signedBy[i]!)))),
    ),
    element(
      "div",
      { class: "wide" },
      element(
        "table",
        { class: "signatures" },
        element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...rows),
      ),
    ),
  );
}

function keysThatSigned({ note, cosignatures }: VerifiedCheckpoint): string[] {
  return note.verified
    .filter(({ name, keyId }) => !cosignatures.some((one) => one.name === name && one.keyId === keyId))
    .map(({ verifier: { key } }) => formatVerifierKey(key));
}

function banner(verdict: Verdict, name: string, words: string): HTMLElement {
  const mark = { good: "✓", caution: "!", bad: "✗" }[verdict];
  return element(
    "div",
    { class: `banner ${verdict}`, role: verdict === "good" ? "status" : "alert" },
    element("span", { class: "mark", "aria-hidden": "true" }, mark),
    element("div", {}, element("h2", {}, foreign(name)), element("p", {}, words)),
  );
}

function list(title: string, lines: readonly Content[][]): HTMLElement {
  return part(title, element("ul", {}, ...lines.map((line) => element("li", {}, line))));
}

function part(title: string, ...content: readonly Content[]): HTMLElement {
  return element("section", { class: "part" }, element("h3", {}, title), ...content);
}

function pair(term: string, value: Content): HTMLElement[] {
  return [element("dt", {}, term), element("dd", {}, value)];
}

function noteOf({ note: { text, signatures } }: VerifiedCheckpoint): string {
  return decodeUtf8(formatNote(text, signatures));
}

function countOf(number: number, one: string, many: string): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

function timeOf(seconds: number): string {
  const ms = seconds * 1000;
  // Later than a date can be: of a witness whose clock is wrong.
  return ms <= 8.64e15 ? new Date(ms).toISOString() : `second ${seconds}`;
}
