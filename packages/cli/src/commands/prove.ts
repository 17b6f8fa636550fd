import { writeFile } from "node:fs/promises";
import { formatProofFile } from "@stele/client";
import { verifyTlogProof } from "@stele/proof";
import type { AddCommand } from "../command.ts";
import { entryKey, logKeysOf } from "../log-key.ts";
import { countOf } from "../count.ts";
import { verifierKey } from "../option-values.ts";
import type { Session } from "../session.ts";

interface ProveFlags {
  readonly output?: string;
  readonly key?: string;
}

export const addProve: AddCommand = (program, run) => {
  program
    .command("prove")
    .summary("write a proof that the log has an event")
    .description(
      "Writes a C2SP tlog-proof that holds the event's exact bytes, its proof and the signed checkpoint. “stele verify FILE --key …” checks it off line, and so can others.",
    )
    .argument("<index|id>", "the leaf index of the event, or its id")
    .option("-o, --output <file>", "where to; <log>-<index>.tlog-proof unless told")
    .option("--key <vkey>", "the log's key; what the node says unless told", verifierKey)
    .action(run(prove));
};

async function prove(session: Session, key: string, flags: ProveFlags): Promise<void> {
  const client = session.client();
  const keys = await logKeysOf(session, client, flags.key);
  const proven = await client.prove(entryKey(key), keys, { signal: session.signal });
  const file = formatProofFile(proven);
  verifyTlogProof(file, proven.leafHash, keys);
  const path = flags.output ?? `${client.log}-${proven.leafIndex}.tlog-proof`;
  await writeFile(path, file);
  const { origin, treeSize } = proven.checkpoint;
  const { witnessedSize } = await client.info({ signal: session.signal });
  if (witnessedSize !== undefined && proven.leafIndex >= witnessedSize) {
    await session.remark(
      "The event is not witnessed yet: its proof has the log's signature, and not the quorum's. Prove it again in a few seconds.",
    );
  }
  if (session.json) {
    await session.printJson({ file: path, index: proven.leafIndex, tree_size: treeSize, origin });
  } else {
    await session.print(
      `${path} proves that event ${proven.leafIndex} is in the log ${origin} of ${countOf(treeSize, "entry")}.`,
    );
  }
}
