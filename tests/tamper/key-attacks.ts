import { createPrivateKey, sign } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { decodeUtf8, encodeUtf8, formatNote, parseNote, parseVerifierKey } from "@stele/proof";
import type { CommitLines, LogFiles } from "./scene.ts";

/** The log changed its key at this size; from {@link RETIRED_AT} on, the old one may sign nothing more. */
export const ROTATED_AT = 1_100;
export const RETIRED_AT = 1_200;

export interface KeyAttack {
  readonly name: string;
  readonly code: string;
  readonly names: RegExp;
  readonly mount: (log: LogFiles) => Promise<void>;
}

/** Attacks by who has one of the log's two keys. */
export const KEY_ATTACKS: readonly KeyAttack[] = [
  {
    name: "sign old entries again with the newer key",
    code: "checkpoint_not_authentic",
    names: /1020\.ndjson.*size 1060.*may not sign that size/,
    mount: async (log) => await resign(log, 1_040, "key-2.pem", 2),
  },
  {
    name: "continue with the key that was retired",
    code: "checkpoint_not_authentic",
    names: /1020\.ndjson.*size 1260.*may not sign that size/,
    mount: async (log) => await resign(log, 1_240, "key.pem", 1),
  },
  {
    name: "take the statements away that declare the newer key",
    code: "checkpoint_not_authentic",
    names: /not one that the log signed/,
    mount: async (log) => await rm(log.path("keys"), { recursive: true }),
  },
  {
    name: "flip a bit of a statement",
    code: "note_signature_wrong",
    names: /not of its text/,
    mount: async (log) => {
      const [path] = await log.files("keys");
      await log.flip(path!, (bytes) => bytes.subarray(0, -20).findLastIndex(isLetter));
    },
  },
];

/** A character that stays one of base64, if its lowest bit is flipped. */
const isLetter = (byte: number): boolean => /[B-Yb-y]/.test(String.fromCharCode(byte));

/** Signs the checkpoint of the commit that begins at `start` with one key of the log alone. */
async function resign(log: LogFiles, start: number, file: string, number: number): Promise<void> {
  const privateKey = createPrivateKey(await readFile(log.path(file)));
  const key = parseVerifierKey((await vkeysOf(log))[number - 1]!);
  const change = (commit: CommitLines): CommitLines => {
    if (commit.start !== start) return commit;
    const { checkpoint } = JSON.parse(commit.checkpoint) as { checkpoint: string };
    const { text } = parseNote(encodeUtf8(checkpoint));
    const signature = sign(null, Buffer.from(text), privateKey);
    const note = decodeUtf8(formatNote(text, [{ name: key.name, keyId: key.keyId, signature }]));
    return { ...commit, checkpoint: JSON.stringify({ checkpoint: note }) };
  };
  await log.editCommits((commits) => commits.map(change));
}

/** The old key and the new one, from the statement that says so. */
async function vkeysOf(log: LogFiles): Promise<string[]> {
  const [path] = await log.files("keys");
  return decodeUtf8(await readFile(path!))
    .split("\n")
    .slice(2, 4);
}
