import { MalformedError } from "@stele/proof";
import type { Answer } from "./answer.ts";

/** What the node says about an event that is durable and in the tree. */
export interface Receipt {
  /** The leaf index. */
  readonly index: number;
  /** In base64. */
  readonly leafHash: string;
  readonly id: string;
  /** The log had an event of this id already, and this is its receipt: nothing was added. */
  readonly duplicate: boolean;
}

export interface Appended {
  /** The size of a tree that has all of the events, and whose signed checkpoint is durable. */
  readonly treeSize: number;
  /** One for each event, in order. */
  readonly receipts: readonly Receipt[];
}

/** @throws MalformedError `response_malformed`, also if there is not one receipt for each event */
export function parseAppended(answer: Answer, events: number): Appended {
  const receipts = answer
    .field("receipts")
    .items()
    .map((receipt) => ({
      index: receipt.field("index").integer(),
      leafHash: receipt.field("leaf_hash").string(),
      id: receipt.field("id").string(),
      duplicate: receipt.field("duplicate").boolean(),
    }));
  if (receipts.length !== events) {
    throw new MalformedError(
      "response_malformed",
      `The node gave ${receipts.length} receipts for ${events} events`,
    );
  }
  return { treeSize: answer.field("tree_size").integer(), receipts };
}
