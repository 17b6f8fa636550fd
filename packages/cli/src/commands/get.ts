import type { LogEntry } from "@stele/client";
import { decodeUtf8, encodeBase64 } from "@stele/proof";
import type { AddCommand } from "../command.ts";
import { entryKey, logKeysOf } from "../log-key.ts";
import { countOf } from "../count.ts";
import { verifierKey } from "../option-values.ts";
import { printable, printableJson } from "../printable.ts";
import type { Session } from "../session.ts";

interface GetFlags {
  readonly proof?: boolean;
  readonly key?: string;
}

export const addGet: AddCommand = (program, run) => {
  program
    .command("get")
    .summary("show one event")
    .description(
      "Shows an event, and how far it got: committed, witnessed, sealed. With --proof, its exact bytes are verified against what the log signed.",
    )
    .argument("<index|id>", "its leaf index (digits only), or its id")
    .option("--proof", "verify that the log has exactly these bytes")
    .option("--key <vkey>", "the log's key, for --proof; what the node says unless told", verifierKey)
    .action(run(get));
};

async function get(session: Session, key: string, flags: GetFlags): Promise<void> {
  const client = session.client();
  if (!flags.proof) {
    const found = await client.get(entryKey(key), { signal: session.signal });
    if (session.json) {
      const { index, leafHash, state, entry } = found;
      await session.printJson({ index, leaf_hash: leafHash, state, entry });
    } else {
      await printEntry(session, found, found.leafHash, found.state);
    }
    return;
  }
  const keys = await logKeysOf(session, client, flags.key);
  const proven = await client.prove(entryKey(key), keys, { signal: session.signal });
  const { leafIndex, leafHash, checkpoint } = proven;
  const entry: LogEntry["entry"] = JSON.parse(decodeUtf8(proven.entry));
  if (session.json) {
    await session.printJson({
      index: leafIndex,
      leaf_hash: encodeBase64(leafHash),
      entry,
      entry_bytes: encodeBase64(proven.entry),
      proof: {
        leaf_index: leafIndex,
        tree_size: checkpoint.treeSize,
        hashes: proven.proof.map(encodeBase64),
        checkpoint: decodeUtf8(proven.note),
      },
    });
    return;
  }
  await printEntry(session, { index: leafIndex, entry }, encodeBase64(leafHash));
  await session.print(
    `${session.out.style("green", "✓")} proven to be in the log ${checkpoint.origin}, in the tree of ${countOf(checkpoint.treeSize, "entry")}`,
  );
}

async function printEntry(
  session: Session,
  { index, entry }: LogEntry,
  leafHash: string,
  state?: string,
): Promise<void> {
  const { out } = session;
  const name = out.style("bold", `${session.options.log} #${index}`);
  await session.print(
    `${name}  ${state === undefined ? "" : `${printable(state)}  `}${out.style("dim", `leaf hash ${leafHash}`)}`,
  );
  await session.print(printableJson(JSON.stringify(entry, null, 2)));
}
