import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { formatTlogProof } from "@stele/proof";
import { IconDownload, IconKey, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { useLogSearch } from "../app/log-name.ts";
import { download } from "../ui/download.ts";
import { visible } from "../ui/foreign.tsx";
import { isUnreadable } from "./check-messages.ts";
import { ConflictNotes } from "./conflict-notes.tsx";
import { CosignerList } from "./cosigner-list.tsx";
import { PathDrawing } from "./path-drawing.tsx";
import type { ProofReport, StepName } from "./proof-report.ts";
import { StepItem } from "./step-item.tsx";
import { TrustDialog } from "./trust-dialog.tsx";
import type { Answered, CheckedProof } from "./use-proof.ts";
import classes from "./proof.module.css";

interface ProofSectionProps {
  readonly log: string;
  readonly index: number;
  readonly answered: Answered;
  readonly proof: UseQueryResult<CheckedProof>;
  /** Asks the node anew. */
  readonly again: () => void;
}

/** Each step of a proof with what it computed, and what can be done with it. */
export function ProofSection({ log, index, answered, proof, again }: ProofSectionProps) {
  const search = useLogSearch();
  const [isTrustOpen, setTrustOpen] = useState(false);
  const queryClient = useQueryClient();
  const { data, error } = proof;
  if (!data) return error ? undefined : <Skeleton height={520} />;
  const { report, notKept } = data;
  const changed = () => {
    // Of other entries, too: they were checked by what was trusted before.
    void queryClient.invalidateQueries({ queryKey: ["proof", log] });
    again();
  };
  const save = () => {
    if (isUnreadable(answered)) return;
    const { entry, proof: hashes, note } = answered;
    const file = formatTlogProof({ leafIndex: index, proof: hashes, checkpoint: note, extra: entry });
    download(`${log}-${index}.tlog-proof`, file, "text/plain");
  };
  return (
    <Stack gap="sm">
      <ol className={classes["steps"]}>
        {report.steps.map((step) => (
          <StepItem key={step.name} step={step}>
            <Detail name={step.name} report={report} />
          </StepItem>
        ))}
      </ol>
      {notKept !== undefined && (
        <Text size="sm">This browser could not remember the checkpoint: {visible(notKept)}</Text>
      )}
      <Group gap="xs">
        {report.verdict !== "failed" && (
          <Button {...LOOKS} leftSection={<IconDownload size={14} aria-hidden />} onClick={save}>
            .tlog-proof
          </Button>
        )}
        <Button {...LOOKS} leftSection={<IconKey size={14} aria-hidden />} onClick={() => setTrustOpen(true)}>
          The log's key…
        </Button>
        <Button {...LOOKS} leftSection={<IconRefresh size={14} aria-hidden />} onClick={again}>
          Check again
        </Button>
        <Button {...LOOKS} renderRoot={(props) => <Link to="/verify" search={search} {...props} />}>
          Verify the log
        </Button>
      </Group>
      <TrustDialog
        log={log}
        report={report}
        opened={isTrustOpen}
        close={() => setTrustOpen(false)}
        changed={changed}
      />
    </Stack>
  );
}

const LOOKS = { variant: "default", size: "compact-sm" } as const;

/** What a step has to show besides its words. */
function Detail({ name, report }: { readonly name: StepName; readonly report: ProofReport }) {
  const { path, cosigners, conflict } = report;
  if (name === "path" && path) return <PathDrawing path={path} checkpointRoot={report.checkpoint?.root} />;
  if (name === "cosignatures" && cosigners.length > 0) return <CosignerList cosigners={cosigners} />;
  if (name === "consistency" && conflict) return <ConflictNotes conflict={conflict} />;
  return undefined;
}
