import { Alert, Anchor, Button, Group, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { LongText } from "../ui/long-text.tsx";
import { ErrorPanel } from "../ui/states.tsx";
import { failedStep, type ProofReport, type Step } from "./proof-report.ts";
import { STEP_TITLES } from "./step-titles.ts";
import type { CheckedProof } from "./use-proof.ts";
import classes from "./proof.module.css";

interface ProofLineProps {
  readonly proof: UseQueryResult<CheckedProof>;
}

/** The result in a line, above all that it is about. */
export function ProofLine({ proof: { data, error, refetch } }: ProofLineProps) {
  return (
    <div aria-live="polite" className={classes["line"]}>
      {data ? (
        <Result report={data.report} />
      ) : error ? (
        <ErrorPanel title="The proof can't be checked now" error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton height={52} role="status" aria-label="Checking the proof" />
      )}
    </div>
  );
}

function Result({ report }: { readonly report: ProofReport }) {
  const failed = failedStep(report);
  if (failed) return <Failure step={failed} />;
  const isFirst = report.verdict === "first-use";
  return (
    <Alert
      color={isFirst ? "yellow" : "teal"}
      icon={isFirst ? <IconAlertTriangle aria-hidden /> : <IconShieldCheck aria-hidden />}
      classNames={{ message: classes["message"] ?? "" }}
      data-verdict={report.verdict}
      p="xs"
    >
      <Group gap="xs" justify="space-between">
        <Text size="sm" component="span">
          <strong>{isFirst ? "Proven, by a key on first use" : "Proven"}</strong>
          {isFirst
            ? " — the node named this key just now; compare it with the one that you were given."
            : " — checked in this page, from the bytes up to the log's signature."}
        </Text>
        <Anchor href="#proof" size="sm" c="inherit" underline="always">
          How
        </Anchor>
      </Group>
    </Alert>
  );
}

/** The same in both themes, whatever they make of red. */
const alertColors = () => ({
  root: { "--alert-bg": "var(--mantine-color-red-9)", "--alert-color": "white" },
});

function Failure({ step: { name, text, expected, actual, code } }: { readonly step: Step }) {
  return (
    <Alert
      color="red"
      variant="filled"
      vars={alertColors}
      role="alert"
      icon={<IconShieldX aria-hidden />}
      title={`NOT proven: ${STEP_TITLES[name]}`}
      data-verdict="failed"
      data-step={name}
      className={classes["failure"] ?? ""}
      classNames={{ title: classes["failureTitle"] ?? "" }}
    >
      <Text size="sm">
        <LongText text={text} />
      </Text>
      {expected !== undefined && (
        <Text size="sm" className="mono">
          expected <LongText text={expected} />
        </Text>
      )}
      {actual !== undefined && (
        <Text size="sm" className="mono">
          found <LongText text={actual} />
        </Text>
      )}
      <Group gap="sm" mt={4}>
        <Text size="xs" className="mono">
          {code}
        </Text>
        <Button component="a" href="#proof" size="compact-sm" variant="white" color="red.9">
          All steps
        </Button>
      </Group>
    </Alert>
  );
}
