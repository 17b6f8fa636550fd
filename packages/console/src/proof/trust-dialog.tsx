import { Alert, Button, Code, Group, Modal, Stack, Text, Textarea, Title } from "@mantine/core";
import { SteleError } from "@stele/proof";
import { useState } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { visible } from "../ui/foreign.tsx";
import { failedStep, type ProofReport } from "./proof-report.ts";
import { TrustStore } from "./trust-store.ts";

interface TrustDialogProps {
  readonly log: string;
  readonly report: ProofReport;
  readonly opened: boolean;
  readonly close: () => void;
  /** What is trusted is another now. */
  readonly changed: () => void;
}

const SOURCES = {
  pinned: "You typed it in: pinned in this browser.",
  remembered: "This browser remembers it from before. Nobody compared it with anything.",
  "first-use": "The node named it just now. Nobody compared it with anything.",
} as const;

/** Where a person says which key, or which policy, this log has to keep to. */
export function TrustDialog({ log, report, opened, close, changed }: TrustDialogProps) {
  return (
    <Modal.Root opened={opened} onClose={close} size="lg">
      <Modal.Overlay />
      <Modal.Content aria-label={`The key of the log ${log}`}>
        <Modal.Body pt="md">
          <TrustForm log={log} report={report} close={close} changed={changed} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function TrustForm({ log, report, close, changed }: Omit<TrustDialogProps, "opened">) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isForgetting, setForgetting] = useState(false);
  const vkey = report.vkeys.at(-1);
  const isGood = failedStep(report)?.name !== "signature";
  const apply = (change: (store: TrustStore) => void) => {
    try {
      change(new TrustStore(localStorage));
    } catch (error) {
      if (!(error instanceof SteleError || error instanceof DOMException)) throw error;
      setProblem(error.message);
      return;
    }
    changed();
    close();
  };
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        The key of the log {log}
      </Title>
      {vkey !== undefined && isGood && (
        <div>
          <Text size="sm">{SOURCES[report.keySource]}</Text>
          <Group gap="xs" wrap="nowrap" align="start">
            <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {visible(vkey)}
            </Code>
            <CopyButton text={vkey} what="the key" />
          </Group>
          {report.keySource !== "pinned" && (
            <Button
              size="compact-sm"
              variant="default"
              mt="xs"
              onClick={() => apply((s) => s.pin(log, vkey))}
            >
              I compared it: pin it
            </Button>
          )}
        </div>
      )}
      <Textarea
        label="Pin a key or a policy"
        description="A vkey (log.example+1a2b3c4d+AQ…), or a whole tlog-policy with log, witness, group and quorum lines. From somebody other than this node."
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setProblem(undefined);
        }}
        autosize
        minRows={3}
        maxRows={10}
        spellCheck={false}
        error={problem === undefined ? undefined : visible(problem)}
        data-autofocus
      />
      <Group gap="xs">
        <Button disabled={text.trim() === ""} onClick={() => apply((store) => store.pin(log, text))}>
          Pin
        </Button>
        {report.keySource === "pinned" && (
          <Button variant="default" onClick={() => apply((store) => store.unpin(log))}>
            Unpin
          </Button>
        )}
        <Button variant="default" onClick={() => setForgetting(true)}>
          Forget this log…
        </Button>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
      </Group>
      {isForgetting && (
        <Alert color="red" title="Forget the key and the checkpoint of this log?">
          <Text size="sm">
            Right if the log was made anew. If not, that is how a changed log goes unnoticed: ask whoever runs
            it first.
          </Text>
          <Button size="compact-sm" color="red.8" mt="xs" onClick={() => apply((store) => store.forget(log))}>
            Forget
          </Button>
        </Alert>
      )}
    </Stack>
  );
}
