import type { AnchoringOptions } from "./anchor/anchorer.ts";
import type { LogHome } from "./log/log-home.ts";
import type { LogReport } from "./log/log-report.ts";
import type { MirrorPolicy } from "./mirror/log-mirrors.ts";
import type { AlarmChange } from "./ops/alarms.ts";
import type { Metrics } from "./ops/metrics.ts";
import type { Notifier } from "./ops/notify/notification.ts";
import type { PublishingOptions } from "./publish/witness-policy.ts";
import type { Store } from "./store/store.ts";

export interface NodeMirrors {
  readonly stores: readonly Store[];
  readonly policy: MirrorPolicy;
}

export interface NodeOptions {
  /** What the node keeps for itself is below this directory. Made if it is not there. One process at a time. */
  readonly dataDir: string;
  /** Where the logs are: in the data directory unless told. The node closes it. */
  readonly home?: LogHome;
  readonly metrics?: Metrics;
  /** Origins of new logs begin with it: `<prefix>/logs/<name>`. Random unless told. */
  readonly originPrefix?: string;
  /** A segment is sealed once so many entries are hot; a multiple of 256. 262,144 unless told. */
  readonly segmentEntries?: number;
  /** Hot entries older than this are sealed though they are fewer. A day unless told. */
  readonly sealAfterMs?: number;
  /** A submission that could not be committed for so long is refused. 5 s unless told. */
  readonly storeTimeoutMs?: number;
  /** Second, independent stores that are to have everything, too. The node closes them. */
  readonly mirrors?: NodeMirrors | undefined;
  /** Witnesses that are to cosign checkpoints before they are published; all logs have the same. */
  readonly publishing?: PublishingOptions;
  /** Keeps published checkpoints for good, and has them time-stamped; all logs have the same. */
  readonly anchoring?: AnchoringOptions;
  /** Everything that is stored is read and verified again within this time. A day unless told; 0 switches it off. */
  readonly verifyEveryMs?: number;
  /** Where the verifier keeps what it saw: `<dataDir>/verifier` unless told. */
  readonly verifierDirectory?: string;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Told of what logs do or suffer in the background. */
  readonly report?: (log: string, event: LogReport) => void;
  /** A gap in the numbers of a source is an alarm once it is so old. Five minutes unless told. */
  readonly sourceGapAfterMs?: number;
  /** What people call this node: the machine's name unless told. */
  readonly nodeName?: string;
  /** Told of what the node itself can't do, and goes on without. */
  readonly reportFailure?: (what: string, error: unknown) => void;
  /** Who is told of alarms. */
  readonly notifiers?: readonly Notifier[];
  /** Told of alarms that begin and end, for the node's own log. */
  readonly reportAlarm?: (change: AlarmChange) => void;
}
