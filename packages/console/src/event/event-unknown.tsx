import { Alert } from "@mantine/core";
import { encodeUtf8, parseCheckpoint, parseNote } from "@stele/proof";
import { TrustStore } from "../proof/trust-store.ts";
import { formatCount } from "../ui/format-number.ts";
import { EmptyState } from "../ui/states.tsx";

/** There is no such entry, says the node: which is a lie if this browser verified a larger tree before. */
export function EventUnknown({ log, index }: { readonly log: string; readonly index: number }) {
  const { seen } = new TrustStore(localStorage).read(log);
  const size = seen ? parseCheckpoint(parseNote(encodeUtf8(seen.note)).text).treeSize : 0;
  if (index < size) {
    return (
      <Alert color="red" role="alert" title="The node has lost this event, or hides it">
        It says that the log {log} has no entry {formatCount(index)}. This browser verified a checkpoint of{" "}
        {formatCount(size)} entries, signed by the log.
      </Alert>
    );
  }
  return (
    <EmptyState title={`There is no event #${formatCount(index)}`}>
      The log {log} is not as long as that. The address may be of another log, or of a node with other data.
    </EmptyState>
  );
}
