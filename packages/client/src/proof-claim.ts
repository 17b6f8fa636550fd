import type { Hash } from "@stele/proof";
import type { Answer } from "./answer.ts";

/** An entry and what is to prove it, as a node answers. Nothing of it is verified, and no part need fit another. */
export interface ProofClaim {
  /** The exact bytes of the entry. */
  readonly entry: Uint8Array;
  /** What the node says that their leaf hash is. */
  readonly leafHash: Hash;
  /** `committed`, `witnessed` or `sealed`: the node's word, which nothing proves. */
  readonly state: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Hash[];
  /** The signed checkpoint. */
  readonly note: Uint8Array;
}

/** @throws MalformedError `response_malformed`, `base64_malformed` */
export function parseProofClaim(answer: Answer): ProofClaim {
  const proof = answer.field("proof");
  return {
    entry: answer.field("entry_bytes").base64(),
    leafHash: answer.field("leaf_hash").base64(),
    state: answer.field("state").string(),
    leafIndex: proof.field("leaf_index").integer(),
    treeSize: proof.field("tree_size").integer(),
    proof: parseHashes(proof),
    note: new TextEncoder().encode(proof.field("checkpoint").string()),
  };
}

/** @throws MalformedError `response_malformed`, `base64_malformed` */
export function parseHashes(answer: Answer): Hash[] {
  return answer
    .field("hashes")
    .items()
    .map((hash) => hash.base64());
}
