/** Something that a person has to know. */
export interface Alarm {
  /** What it is, stable: `witness_lagging`, `verification_failed`, … The list is in docs/operate/alarms.md. */
  readonly code: string;
  /** The log that it is about, if it is about one. */
  readonly log?: string;
  /** What tells it from others of its code: a witness, a place, a source. */
  readonly subject: string;
  /** `critical`: history may have been changed, or events be lost. `warning`: something is late, or does not work. */
  readonly severity: "warning" | "critical";
  /** One sentence: what happened, to what, what to do. */
  readonly message: string;
  /** What shows it to somebody else. JSON; kept with the alarm. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** What makes two alarms the same one. */
export type AlarmKey = Pick<Alarm, "code" | "log" | "subject">;

/** An alarm that was raised and is not over. */
export interface ActiveAlarm extends Alarm {
  /** Unix milliseconds. */
  readonly sinceMs: number;
}

/** Where alarms go. Neither call blocks or fails: whoever finds something has other work. */
export interface Alarms {
  /** Begins to tell. While an alarm of the same code, log and subject is active, its text is renewed and nobody is told again. */
  raise(alarm: Alarm): void;
  /** It is over. Does nothing if it was not active. Findings of verification are never over by themselves. */
  clear(key: AlarmKey): void;
}

/** The alarms of one node that are active. */
export class AlarmBoard implements Alarms {
  readonly #active = new Map<string, ActiveAlarm>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Oldest first. */
  get active(): readonly ActiveAlarm[] {
    return [...this.#active.values()];
  }

  raise(alarm: Alarm): void {
    const id = idOf(alarm);
    const sinceMs = this.#active.get(id)?.sinceMs ?? this.#now();
    this.#active.set(id, { ...alarm, sinceMs });
  }

  clear(key: AlarmKey): void {
    this.#active.delete(idOf(key));
  }
}

function idOf({ code, log, subject }: AlarmKey): string {
  return JSON.stringify([code, log, subject]);
}
