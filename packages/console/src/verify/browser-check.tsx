import { Alert, Button, Group, Progress, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconShieldX } from "@tabler/icons-react";
import { useLogName } from "../app/log-name.ts";
import type { KeySource } from "../proof/proof-report.ts";
import { visible } from "../ui/foreign.tsx";
import { formatBytes, formatCount, formatRate } from "../ui/format-number.ts";
import { formatDuration } from "../ui/format-time.ts";
import type { CheckedLog, LogCheckProgress } from "./log-check.ts";
import type { LogCheckFailure } from "./log-check-failure.ts";
import { useLogCheck } from "./use-log-check.ts";

const SOURCES: Readonly<Record<KeySource, string>> = {
  pinned: "by the key that you pinned in this browser",
  remembered: "by the key that this browser remembers from before",
  "first-use": "by a key that the node named just now: compare it with the one that you were given",
};

/** The whole log, read and hashed in this browser: the node's word is not taken. */
export function BrowserCheck() {
  const log = useLogName();
  const { state, start, stop } = useLogCheck(log);
  return (
    <section aria-labelledby="verify-browser">
      <Group justify="space-between" align="end">
        <Title order={2} size="h4" id="verify-browser">
          By this browser
        </Title>
        {state.kind === "running" ? (
          <Button variant="default" onClick={stop}>
            Stop
          </Button>
        ) : (
          <Button variant="default" onClick={start}>
            Check the whole log here
          </Button>
        )}
      </Group>
      <Text size="sm" mt={4} mb="sm" maw={720}>
        This page reads every entry, hashes it, and computes the root of the tree that the log signed; and
        that the tree extends the one that this browser saw before. The node can't talk its way out of that.
        It takes its time with large logs, and goes on as long as this page is open.
      </Text>
      <div aria-live="polite">
        {state.kind === "running" && <Running progress={state.progress} />}
        {state.kind === "checked" && <Checked checked={state.checked} notKept={state.notKept} />}
        {state.kind === "failed" && <Failed failure={state.failure} />}
      </div>
    </section>
  );
}

function Running({ progress }: { readonly progress: LogCheckProgress | undefined }) {
  const { done = 0, total = 0, bytes = 0 } = progress ?? {};
  return (
    <>
      <Progress.Root size="lg" mb={6}>
        <Progress.Section
          value={total === 0 ? 0 : (100 * done) / total}
          animated
          aria-label="Checked of the log"
        />
      </Progress.Root>
      <Text size="sm" className="tabular">
        {formatCount(done)} of {formatCount(total)} entries · {formatBytes(bytes)}
      </Text>
    </>
  );
}

interface CheckedProps {
  readonly checked: CheckedLog;
  readonly notKept: string | undefined;
}

function Checked({ checked, notKept }: CheckedProps) {
  const { treeSize, bytes, seconds, root, origin, keySource, consistency, isBehind } = checked;
  const isFirst = keySource === "first-use";
  return (
    <Alert
      color={isBehind ? "orange" : isFirst ? "yellow" : "teal"}
      icon={isBehind ? <IconAlertTriangle aria-hidden /> : <IconCircleCheck aria-hidden />}
      title={
        isBehind
          ? `These ${formatCount(treeSize)} entries are what the log signed, and there were more`
          : `All ${formatCount(treeSize)} entries are what the log signed`
      }
    >
      <Text size="sm">
        {formatBytes(bytes)} in {formatDuration(seconds * 1_000)} (
        {formatRate(treeSize / Math.max(seconds, 0.001))} entries/s). Root{" "}
        <span className="mono">{root}</span> of {visible(origin)}, signed {SOURCES[keySource]}.
      </Text>
      <Text size="sm" mt={4}>
        {visible(consistency)}
        {isBehind &&
          " The node shows an old state of the log: it is not in step with the store, or hides the rest. Check again; if it stays so, ask whoever runs it."}
      </Text>
      {notKept !== undefined && <Text size="sm">This browser could not remember it: {visible(notKept)}</Text>}
    </Alert>
  );
}

function Failed({ failure: { isFalse, code, message } }: { readonly failure: LogCheckFailure }) {
  return (
    <Alert
      color="red"
      icon={<IconShieldX aria-hidden />}
      title={isFalse ? "NOT what the log signed" : "The check could not be finished"}
    >
      <Text size="sm">{visible(message)}</Text>
      <Text size="xs" className="mono" mt={4}>
        {visible(code)}
      </Text>
    </Alert>
  );
}
