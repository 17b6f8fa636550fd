import { Progress } from "@mantine/core";
import type { LogStatus, VerificationStatus } from "@stele/client";
import { Link } from "@tanstack/react-router";
import { useLogSearch } from "../../app/log-name.ts";
import { formatCount, formatRate } from "../../ui/format-number.ts";
import { Time } from "../../ui/time.tsx";
import { Nothing, Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import classes from "../ui/facts.module.css";

/** What the verifier in the node is at. */
export function VerificationPanel({ log }: { readonly log: LogStatus }) {
  const { verification, treeSize } = log;
  return (
    <Panel
      id="verification"
      title="Verification"
      summary="The node reads everything that is stored again, and recomputes it"
    >
      {verification ? (
        <VerificationList status={verification} treeSize={treeSize} />
      ) : (
        <Nothing title="It is switched off">
          The node was started with <code>--verify-every 0</code>: nobody here notices if what is stored is
          changed. <code>stele verify</code> does, when it is run.
        </Nothing>
      )}
    </Panel>
  );
}

function VerificationList({
  status,
  treeSize,
}: {
  readonly status: VerificationStatus;
  readonly treeSize: number;
}) {
  const { lastFullAt, running, progress, position, entriesPerSecond, findings, late } = status;
  const search = useLogSearch();
  const percent = Math.floor(progress * 100);
  return (
    <dl className={classes["list"]}>
      <dt>Findings</dt>
      <dd>
        {findings === 0 ? (
          <Verdict is="good">none: what was read is what was signed</Verdict>
        ) : (
          <Verdict is="bad">
            {findings === 1 ? "one place is" : `${formatCount(findings)} places are`} not what was signed.{" "}
            <Link to="/verify" search={search}>
              See them, and verify again
            </Link>
          </Verdict>
        )}
      </dd>
      <dt>Last full pass</dt>
      <dd>
        {lastFullAt === undefined ? "none yet" : <Time value={lastFullAt} seconds withZone />}
        {late && (
          <>
            {" "}
            <Verdict is="warning">late: not everything was verified within --verify-every</Verdict>
          </>
        )}
      </dd>
      <dt>This pass</dt>
      <dd>
        {running
          ? `${percent} %, at entry ${formatCount(position)} of ${formatCount(treeSize)}, ${formatRate(entriesPerSecond)} entries/s`
          : "none is running"}
        <Progress
          value={running ? percent : 0}
          aria-label="Progress of the verification"
          mt={4}
          transitionDuration={0}
        />
      </dd>
      <dt>More</dt>
      <dd>
        <Link to="/verify" search={search}>
          Start a verification, or check a file
        </Link>
      </dd>
    </dl>
  );
}
