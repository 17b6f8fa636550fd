import {
  encodeUtf8,
  formatTlogProof,
  formatVerifierKey,
  parseNote,
  proveInclusion,
  signNote,
  type TlogProof,
} from "@stele/proof";
import { ORIGIN, TestLog, testSigner } from "../../packages/proof/src/testing/test-log.ts";

export interface ProofAttack {
  readonly name: string;
  readonly code: string;
  readonly forge: (honest: TlogProof) => Promise<Uint8Array>;
}

const ENTRIES = 100;
const INDEX = 37;
const log = new TestLog(ENTRIES);

export const PROOF_KEY = formatVerifierKey(log.signer.key);

export async function honestProof(): Promise<TlogProof> {
  return {
    leafIndex: INDEX,
    proof: await proveInclusion(INDEX, ENTRIES, log.readHashes),
    checkpoint: await log.signedCheckpoint(),
    extra: log.entries[INDEX]!,
  };
}

const forged = (change: (honest: TlogProof) => Partial<TlogProof>) => (honest: TlogProof) =>
  Promise.resolve(formatTlogProof({ ...honest, ...change(honest) }));

/** What somebody might show for an entry that is not in the log, or is not where he says. */
export const PROOF_ATTACKS: readonly ProofAttack[] = [
  {
    name: "another entry",
    code: "inclusion_not_proven",
    forge: forged(() => ({ extra: encodeUtf8("entry 37, or so") })),
  },
  {
    name: "another index",
    code: "inclusion_not_proven",
    forge: forged(() => ({ leafIndex: INDEX + 1 })),
  },
  {
    name: "an index behind the end",
    code: "integer_out_of_range",
    forge: forged(() => ({ leafIndex: ENTRIES })),
  },
  {
    name: "a proof that is too short",
    code: "inclusion_not_proven",
    forge: forged(({ proof }) => ({ proof: proof.slice(1) })),
  },
  {
    name: "a proof that is too long",
    code: "inclusion_not_proven",
    forge: forged(({ proof }) => ({ proof: [...proof, proof[0]!] })),
  },
  {
    name: "an interior node in the place of a leaf",
    code: "inclusion_not_proven",
    // Without the prefixes of RFC 6962, the two children would be an entry that hashes to their parent.
    forge: forged(({ proof }) => ({
      leafIndex: Math.floor(INDEX / 2),
      extra: Buffer.concat([log.hash(0, INDEX - 1), log.hash(0, INDEX)]),
      proof: proof.slice(1),
    })),
  },
  {
    name: "a checkpoint that another key signed",
    code: "note_not_signed",
    forge: async (honest) => {
      const { text } = parseNote(honest.checkpoint);
      return formatTlogProof({ ...honest, checkpoint: await signNote(text, [testSigner(ORIGIN, 50)]) });
    },
  },
  {
    name: "a checkpoint of another size, with the signature of this one",
    code: "note_signature_wrong",
    forge: async (honest) => {
      const text = Buffer.from(honest.checkpoint)
        .toString()
        .replace(`\n${ENTRIES}\n`, `\n${ENTRIES + 1}\n`);
      return await Promise.resolve(formatTlogProof({ ...honest, checkpoint: encodeUtf8(text) }));
    },
  },
];
