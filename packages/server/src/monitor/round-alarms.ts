import { UnavailableError, VerificationError, type SteleError, type VerifiedCheckpoint } from "@stele/proof";
import type { Alarm, Alarms } from "../ops/alarms.ts";
import { formatDuration } from "../ops/duration.ts";

/** A place that is behind the largest tree that was seen anywhere. */
export interface Behind {
  readonly url: string;
  readonly treeSize: number;
  readonly largestSize: number;
  /** The largest tree that it has shown itself. */
  readonly ownSize: number;
  readonly isLate: boolean;
  /** The log itself, not one of its mirrors. */
  readonly isFirst: boolean;
}

/** A proof that is kept, and what was seen in this round, if it was then. */
export interface Conviction {
  readonly file: string;
  /** What is in the file. */
  readonly proof: string;
  /** Where the contradiction was seen. */
  readonly url?: string;
  readonly against?: string;
}

export interface RoundAlarmsOptions {
  readonly origin: string;
  readonly alarms: Alarms;
  /** What was active before the monitor was started. */
  readonly active?: readonly Alarm[];
  /** What is watched. */
  readonly places: readonly { readonly url: string }[];
}

/** What rounds find, in words. What one does not find again is over, if it looked. */
export class RoundAlarms {
  readonly #origin: string;
  readonly #alarms: Alarms;
  /** What alarms are about: the log, and places. */
  readonly #watched: ReadonlySet<string>;
  readonly #active = new Map<string, Alarm>();
  #found = new Set<string>();
  readonly #lookedAt = new Set<string>();
  readonly #readFrom = new Set<string>();

  constructor({ origin, alarms, active = [], places }: RoundAlarmsOptions) {
    this.#origin = origin;
    this.#alarms = alarms;
    this.#watched = new Set([origin, ...places.map(({ url }) => url)]);
    for (const alarm of active) if (alarm.log === origin) this.#active.set(idOf(alarm), alarm);
  }

  begin(): void {
    this.#found = new Set();
    this.#lookedAt.clear();
    this.#readFrom.clear();
  }

  /** The place shows a checkpoint of the log. */
  lookedAt(url: string): void {
    this.#lookedAt.add(url);
  }

  /** What was read from the place is what the log signed. */
  readFrom(url: string): void {
    this.#readFrom.add(url);
  }

  /** Clears what is over; says of the rest that it is not. */
  end(): void {
    for (const [id, alarm] of this.#active) {
      if (this.#found.has(id)) continue;
      if (this.#isOver(alarm)) {
        this.#active.delete(id);
        this.#alarms.clear(alarm);
      } else this.#alarms.raise(alarm);
    }
  }

  /** Of the log, wherever it was seen, and as it was told first: the proofs of one fork depend on who was asked when. */
  misbehaved({ file, proof, url, against }: Conviction): void {
    const what =
      url === undefined
        ? "showed two histories"
        : `shows two histories: what ${url} shows contradicts ${against}`;
    const message = `The log ${this.#origin} ${what}. ${file} proves it, and “stele verify” confirms that. Keep it, and ask who runs the log`;
    const known = this.#active.get(idOf({ code: "log_misbehaved", subject: this.#origin }));
    this.#raise(
      "log_misbehaved",
      "critical",
      this.#origin,
      known?.message ?? message,
      known?.evidence ?? { file, misbehaviour: proof },
    );
  }

  /** A place does not answer with a checkpoint of the log. */
  notShown(url: string, error: SteleError): void {
    if (error instanceof UnavailableError) {
      this.#raise("vantage_point_unreachable", "warning", url, error.message);
    } else if (error instanceof VerificationError) {
      const message = `What ${url} shows is refused: ${error.message}`;
      this.#raise("checkpoint_refused", "critical", url, message, { code: error.code });
    } else {
      this.#raise("checkpoint_malformed", "warning", url, `${url} shows no checkpoint: ${error.message}`);
    }
  }

  cosignaturesTooFew(url: string, { treeSize }: VerifiedCheckpoint): void {
    const message = `Too few witnesses cosigned the checkpoint of ${treeSize} entries that ${url} shows`;
    this.#raise("cosignatures_too_few", "warning", url, message);
  }

  cosignaturesOld(url: string, { treeSize }: VerifiedCheckpoint): void {
    const message = `The cosignatures of the checkpoint of ${treeSize} entries that ${url} shows are too old: the log may be kept from who looks there, or no longer ask its witnesses`;
    this.#raise("cosignatures_old", "warning", url, message);
  }

  behind({ url, treeSize, largestSize, ownSize, isLate, isFirst }: Behind): void {
    if (treeSize === 0 && (ownSize > 0 || isFirst)) {
      const message = `${url} shows an empty log, but ${largestSize} entries were seen`;
      this.#raise("log_emptied", "critical", url, message);
    } else if (treeSize < ownSize) {
      const message = `${url} shows a tree of ${treeSize} entries, but has shown ${ownSize}: it was rolled back, or something old answers`;
      this.#raise("log_went_back", isLate ? "critical" : "warning", url, message);
    } else if (isLate) {
      const message = `${url} shows a tree of ${treeSize} entries, and stays behind the ${largestSize} that were seen`;
      this.#raise("log_lagging", "warning", url, message);
    }
  }

  tiles(url: string, error: SteleError): void {
    if (error instanceof UnavailableError) {
      const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
      this.#raise("tiles_unavailable", "warning", url, `${url}: ${error.message}${cause}`);
    } else {
      const message = `${url} serves what the log did not sign: ${error.message}`;
      this.#raise("tiles_not_authentic", "critical", url, message, { code: error.code });
    }
  }

  quiet(url: string, quietMs: number): void {
    const message = `The log ${this.#origin} has not grown for ${formatDuration(quietMs)}`;
    this.#raise("log_quiet", "warning", url, message);
  }

  #raise(
    code: string,
    severity: Alarm["severity"],
    subject: string,
    message: string,
    evidence?: Alarm["evidence"],
  ): void {
    const alarm: Alarm = {
      code,
      log: this.#origin,
      subject,
      severity,
      message,
      ...(evidence && { evidence }),
    };
    const id = idOf(alarm);
    this.#found.add(id);
    this.#active.set(id, alarm);
    this.#alarms.raise(alarm);
  }

  #isOver({ code, subject }: Alarm): boolean {
    if (!this.#watched.has(subject)) return true;
    switch (code) {
      case "tiles_unavailable":
      case "tiles_not_authentic":
        return this.#readFrom.has(subject);
      case "log_misbehaved": // Somebody took away the proofs, and what they would be found by again.
      case "vantage_point_unreachable":
      case "log_quiet":
        return true;
      default:
        return this.#lookedAt.has(subject);
    }
  }
}

function idOf({ code, subject }: Pick<Alarm, "code" | "subject">): string {
  return JSON.stringify([code, subject]);
}
