import { Button, CloseButton, Paper, Progress, Text } from "@mantine/core";
import { SteleError } from "@stele/proof";
import { formatCount } from "../../ui/format-number.ts";
import { visible } from "../../ui/foreign.tsx";
import type { ExportProgress } from "./export-progress.ts";
import classes from "./export-panel.module.css";

/** What to do about it, where the node's own words don't say. */
const ADVICE = new Map([
  ["evidence_too_large", "Choose a shorter time range, and make several bundles."],
  ["exports_too_many", "Others are making bundles. Try again in a minute."],
]);

interface ExportPanelProps {
  readonly progress: ExportProgress | undefined;
  readonly dismiss: () => void;
}

/** How far the export is, in a corner over the page, so that nothing else moves. */
export function ExportPanel({ progress, dismiss }: ExportPanelProps) {
  return (
    <div className={classes["corner"]}>
      <p role="status" className="spoken">
        {progress && spokenText(progress)}
      </p>
      {progress && (
        <Paper component="section" aria-label="Export" shadow="md" p="sm" withBorder>
          <PanelContent progress={progress} dismiss={dismiss} />
        </Paper>
      )}
    </div>
  );
}

/** Said when it changes: without figures, which change all the time. */
function spokenText(progress: ExportProgress): string {
  if (progress.state === "running") return `Exporting ${progress.what}`;
  return progress.state === "done" ? `Exported ${progress.fileName}` : "The export failed";
}

function PanelContent({
  progress,
  dismiss,
}: {
  readonly progress: ExportProgress;
  readonly dismiss: () => void;
}) {
  if (progress.state === "failed") {
    const { error } = progress;
    const advice = error instanceof SteleError ? ADVICE.get(error.code) : undefined;
    return (
      <>
        <Head title="The export failed" dismiss={dismiss} />
        <Text size="sm">{visible(error instanceof Error ? error.message : String(error))}</Text>
        {advice !== undefined && <Text size="sm">{advice}</Text>}
        {error instanceof SteleError && (
          <Text size="xs" className="mono">
            {visible(error.code)}
          </Text>
        )}
      </>
    );
  }
  if (progress.state === "done") {
    return (
      <>
        <Head title={progress.fileName} dismiss={dismiss} />
        <Text size="sm">{progress.what}</Text>
      </>
    );
  }
  const { what, written, total } = progress;
  return (
    <>
      <Text size="sm" fw={600}>
        Exporting {what}
      </Text>
      <Text size="sm" className="tabular">
        {what === "evidence"
          ? "The node makes the bundle; that can take a minute."
          : `${formatCount(written)}${total === undefined ? "" : ` of ${formatCount(total)}`} events`}
      </Text>
      <Progress
        value={total ? Math.min(100, (written / total) * 100) : 100}
        animated={!total}
        aria-label="Exported"
        my="xs"
      />
      <Button size="xs" variant="default" onClick={dismiss}>
        Cancel
      </Button>
    </>
  );
}

function Head({ title, dismiss }: { readonly title: string; readonly dismiss: () => void }) {
  return (
    <div className={classes["head"]}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <CloseButton size="sm" aria-label="Close" onClick={dismiss} />
    </div>
  );
}
