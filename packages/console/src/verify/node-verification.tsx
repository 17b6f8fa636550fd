import { Alert, Button, Group, Progress, Text, Title } from "@mantine/core";
import type { LogVerification } from "@stele/client";
import { SteleError } from "@stele/proof";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useClient } from "../api/client.ts";
import { useLogName } from "../app/log-name.ts";
import { formatCount, formatRate } from "../ui/format-number.ts";
import { ErrorPanel, LoadingRows } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { Findings } from "./findings.tsx";

const EVERY_MS = 5_000;
const EVERY_MS_RUNNING = 1_000;

/** What the verifier in the node found, and how far it is; and a button to have it read everything now. */
export function NodeVerification() {
  const client = useClient();
  const log = useLogName();
  const { data, error, refetch } = useQuery({
    queryKey: ["verification", log],
    queryFn: ({ signal }) => client.verification({ signal }),
    refetchInterval: ({ state }) => (state.data?.verification.running ? EVERY_MS_RUNNING : EVERY_MS),
  });
  const start = useMutation({
    mutationFn: () => client.startVerification(),
    onSettled: () => void refetch(),
  });
  const isOff = error instanceof SteleError && error.code === "verification_off";
  return (
    <section aria-labelledby="verify-node">
      <Group justify="space-between" align="end">
        <Title order={2} size="h4" id="verify-node">
          By the node
        </Title>
        <Button onClick={() => start.mutate()} loading={start.isPending} disabled={!data}>
          Verify everything now
        </Button>
      </Group>
      <Text size="sm" mt={4} mb="sm" maw={720}>
        The node reads what it stores all the time: entries, tree, signatures, mirrors, index. It finds what a
        disk or somebody with access to it changed. Whether the node itself can be trusted only others can
        tell: this browser (below), witnesses, and “stele verify”.
      </Text>
      {start.error && <ErrorPanel title="It was not started" error={start.error} />}
      {isOff && (
        <Alert color="orange" title="The node does not verify">
          It was started with --verify-every 0.
        </Alert>
      )}
      {error && !isOff && (
        <ErrorPanel title="The verification can't be shown" error={error} retry={() => void refetch()} />
      )}
      {!data && !error && <LoadingRows rows={3} />}
      {data && <State {...data} />}
    </section>
  );
}

function State({ verification, findings }: LogVerification) {
  const { running, progress, position, entriesPerSecond, lastFullAt, late } = verification;
  const percent = Math.floor(progress * 100);
  return (
    <>
      <Progress.Root size="lg" mb={6}>
        <Progress.Section
          value={running ? percent : 0}
          animated={running}
          aria-label="Verified of what is stored"
        />
      </Progress.Root>
      <Text size="sm" className="tabular" data-testid="verification-state">
        {running
          ? `${percent} % · at entry ${formatCount(position)} · ${formatRate(entriesPerSecond)} entries/s`
          : "No pass is under way. New entries are verified as they come."}
      </Text>
      <Text size="sm">
        {lastFullAt === undefined ? (
          "Not everything was verified yet."
        ) : (
          <>
            Everything was last verified at <Time value={lastFullAt} seconds withZone />.
          </>
        )}
        {late && " That is later than --verify-every asks for."}
      </Text>
      <Findings total={verification.findings} findings={findings} />
    </>
  );
}
