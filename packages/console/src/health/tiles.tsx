import type { LogStatus, MetricsHistory } from "@stele/client";
import type { ReactNode } from "react";
import { useEntryTime } from "../api/entry-time.ts";
import { formatCount, formatRate } from "../ui/format-number.ts";
import { formatDuration } from "../ui/format-time.ts";
import { Time } from "../ui/time.tsx";
import { newestOf } from "./charts/history-view.ts";
import { formatValue } from "./charts/units.ts";
import classes from "./health.module.css";

interface TilesProps {
  readonly log: LogStatus;
  /** Of the last hour: it has the newest latencies. */
  readonly history: MetricsHistory | undefined;
  /** Unix milliseconds: when the status was so. */
  readonly atMs: number;
}

/** The figures that are looked at first, large. */
export function Tiles({ log, history, atMs }: TilesProps) {
  const hot = log.treeSize - log.sealedSize;
  const oldestMs = useEntryTime(hot > 0 ? log.sealedSize : undefined);
  const { verification } = log;
  return (
    <dl className={classes["tiles"]} aria-label="Overview">
      <Tile label="Events" value={formatCount(log.treeSize)}>
        {log.lastCommitAge === undefined ? "none yet" : `last commit ${ago(log.lastCommitAge * 1000)}`}
      </Tile>
      <Tile label="Events a second" value={formatRate(log.eventsPerSecond)}>
        {formatRate(log.commitsPerSecond)} commits/s, of all nodes
      </Tile>
      <Latency label="Append p50 / p99" of="append" history={history} atMs={atMs} />
      <Latency label="Search p50 / p99" of="search" history={history} atMs={atMs} />
      <Tile label="Hot entries" value={formatCount(hot)}>
        {hot === 0 && "everything is sealed"}
        {hot > 0 && (oldestMs === undefined ? "not sealed yet" : `oldest ${ago(atMs - oldestMs)}`)}
      </Tile>
      <WitnessedTile log={log} />
      <MirrorTile log={log} />
      {verification === undefined ? (
        <Tile label="Last full verification" value="off">
          --verify-every 0
        </Tile>
      ) : (
        <Tile
          label="Last full verification"
          value={
            verification.lastFullAt === undefined ? "never" : ago(atMs - Date.parse(verification.lastFullAt))
          }
        >
          {verification.lastFullAt === undefined ? (
            "the first pass is not done"
          ) : (
            <Time value={verification.lastFullAt} seconds withZone />
          )}
        </Tile>
      )}
    </dl>
  );
}

function WitnessedTile({ log: { treeSize, witnessedSize, witnesses } }: Pick<TilesProps, "log">) {
  if (witnessedSize === undefined) {
    return (
      <Tile label="Not witnessed yet" value="–">
        no policy asks for witnesses
      </Tile>
    );
  }
  const ages = witnesses.flatMap(({ cosignedAge }) => (cosignedAge === undefined ? [] : [cosignedAge]));
  return (
    <Tile label="Not witnessed yet" value={formatCount(Math.max(0, treeSize - witnessedSize))}>
      {ages.length === 0 ? "no cosignature yet" : `newest cosignature ${ago(Math.min(...ages) * 1000)}`}
    </Tile>
  );
}

function MirrorTile({ log: { mirrors } }: Pick<TilesProps, "log">) {
  const worst = mirrors.toSorted((a, b) => b.lag - a.lag)[0];
  if (!worst) {
    return (
      <Tile label="Mirror lag" value="–">
        no mirrors
      </Tile>
    );
  }
  return (
    <Tile label="Mirror lag" value={worst.lagEntries === 0 ? "none" : formatDuration(worst.lag * 1000)}>
      {formatCount(worst.lagEntries)} entries behind{mirrors.length > 1 && ", the worst mirror"}
    </Tile>
  );
}

interface LatencyProps extends Pick<TilesProps, "history" | "atMs"> {
  readonly label: string;
  readonly of: "append" | "search";
}

function Latency({ label, of, history, atMs }: LatencyProps) {
  const p50 = newestOf(history, { name: `${of}_seconds_p50` });
  const p99 = newestOf(history, { name: `${of}_seconds_p99` });
  if (!p50 || !p99) {
    return (
      <Tile label={label} value="–">
        {history ? "none in the last hour" : "on its way"}
      </Tile>
    );
  }
  return (
    <Tile label={label} value={`${formatValue(p50.value, "seconds")} / ${formatValue(p99.value, "seconds")}`}>
      within ten seconds, {ago(Math.max(0, atMs - p99.atMs))}
    </Tile>
  );
}

interface TileProps {
  readonly label: string;
  readonly value: string;
  /** In a few words. */
  readonly children: ReactNode;
}

function Tile({ label, value, children }: TileProps) {
  return (
    <div className={classes["tile"]}>
      <dt>{label}</dt>
      <dd className={classes["value"]}>{value}</dd>
      <dd className={classes["small"]}>{children}</dd>
    </div>
  );
}

/** In one unit, so that it keeps its width: `14 min ago`. */
function ago(ms: number): string {
  const [count, unit] = formatDuration(Math.max(0, ms)).split(" ");
  return `${count} ${unit} ago`;
}
