import type { AlarmBoard } from "../ops/alarms.ts";
import { formatDuration } from "../ops/duration.ts";
import { sourceJson } from "./source-json.ts";
import type { SourceState } from "./source-state.ts";
import type { LogSources } from "./log-sources.ts";

/** Sources with an alarm of their own, of one log and code: somebody who invents sources must not hide other alarms. */
const OWN_ALARMS_MAX = 20;
const REST = "*";

export interface SourceWatchOptions {
  readonly log: string;
  readonly sources: LogSources;
  readonly board: AlarmBoard;
  /** A gap is told once it is so old. */
  readonly gapAfterMs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

type Code = "source_gap" | "source_silent";

/** Raises alarms for gaps that stay, and for sources that are silent longer than they declared. */
export class SourceWatch {
  readonly #options: SourceWatchOptions;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
  }

  /** Returns how many have which trouble. @throws UnavailableError `sources_loading` */
  look(): { readonly withGaps: number; readonly silent: number } {
    const { sources, now, gapAfterMs } = this.#options;
    const nowMs = now();
    const gaps: SourceState[] = [];
    const silent: SourceState[] = [];
    for (const source of sources.table.all()) {
      const oldestMs = source.gapCount > 0 ? source.oldestGapMs : undefined;
      if (oldestMs !== undefined && nowMs - oldestMs > gapAfterMs) gaps.push(source);
      const { heartbeatSeconds, lastMs } = source;
      if (heartbeatSeconds > 0 && nowMs - lastMs > heartbeatSeconds * 1000) silent.push(source);
    }
    this.#tell("source_gap", gaps, (source) => {
      const [first] = source.gaps(1);
      return `The source ${source.id} numbered events that are not in the log: ${source.missing}, the first of them ${first!.from} to ${first!.to}. Ask it for them; the log never had them`;
    });
    this.#tell(
      "source_silent",
      silent,
      (source) =>
        `The source ${source.id} has sent nothing since ${new Date(source.lastMs).toISOString()}, and declared to send something every ${formatDuration(source.heartbeatSeconds * 1000)}`,
    );
    return { withGaps: gaps.length, silent: silent.length };
  }

  #tell(code: Code, found: readonly SourceState[], messageOf: (source: SourceState) => string): void {
    const { board, log } = this.#options;
    const told = new Set(
      board.active.filter((alarm) => alarm.code === code && alarm.log === log).map(({ subject }) => subject),
    );
    // Those that were told come first: so they stay the same ones.
    const ordered = [
      ...found.filter(({ id }) => told.has(subjectOf(id))),
      ...found.filter(({ id }) => !told.has(subjectOf(id))),
    ];
    const own = ordered.slice(0, OWN_ALARMS_MAX);
    const rest = ordered.length - own.length;
    const subjects = new Set(own.map(({ id }) => subjectOf(id)));
    if (rest > 0) subjects.add(REST);
    for (const subject of told) if (!subjects.has(subject)) board.clear({ code, log, subject });
    for (const source of own) {
      const { id } = source;
      board.raise({
        code,
        log,
        subject: subjectOf(id),
        severity: "warning",
        message: messageOf(source),
        evidence: sourceJson(source),
      });
    }
    if (rest === 0) return;
    const message = `${rest} more sources of the log ${log} have the same: stele sources --log ${log}`;
    board.raise({ code, log, subject: REST, severity: "warning", message });
  }
}

/** No source can be called as the alarm of the rest is. */
function subjectOf(id: string): string {
  return `source ${id}`;
}
