import { randomBytes } from "node:crypto";
import { RequestError } from "../http/errors.ts";
import { boundedEvidence } from "./alarm-evidence.ts";

export type Severity = "warning" | "critical";

/** Something that a person has to know. */
export interface Alarm {
  /** What it is, stable: `witness_lagging`, `verification_failed`, … The list is in docs/operate/alarms.md. */
  readonly code: string;
  /** The log that it is about, if it is about one. */
  readonly log?: string;
  /** What tells it from others of its code: a witness, a place, a source. */
  readonly subject: string;
  /** `critical`: history may have been changed, or events be lost. `warning`: something is late, or does not work. */
  readonly severity: Severity;
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

/** An alarm as it is kept: also when it is over. Times are Unix milliseconds. */
export interface AlarmRecord extends ActiveAlarm {
  /** 16 hexadecimal digits; another one each time that it begins. */
  readonly id: string;
  /** When it was raised last. */
  readonly renewedMs: number;
  /** When it was over; undefined while it is not. */
  readonly clearedMs?: number;
  readonly acknowledgement?: Acknowledgement;
}

/** Somebody has seen an alarm. */
export interface Acknowledgement {
  readonly atMs: number;
  /** The name of the token that was used, if one was. */
  readonly by?: string;
  readonly note?: string;
}

/** `raised` again, with the same id, when a warning becomes critical. */
export interface AlarmChange {
  readonly kind: "raised" | "renewed" | "cleared" | "acknowledged" | "dropped";
  readonly alarm: AlarmRecord;
}

/** Where alarms go. Neither call blocks or fails: whoever finds something has other work. */
export interface Alarms {
  /** Begins to tell. While an alarm of the same code, log and subject is active, its text is renewed and nobody is told again. */
  raise(alarm: Alarm): void;
  /** It is over. Does nothing if it was not active. Findings of verification are never over by themselves. */
  clear(key: AlarmKey): void;
}

export interface AlarmBoardOptions {
  /** What was kept before the node was started. */
  readonly kept?: readonly AlarmRecord[];
  /** Told of each change; must return at once and not throw. */
  readonly onChange?: (change: AlarmChange) => void;
}

const ALARMS_MAX = 1_000;
const MESSAGE_LENGTH_MAX = 4_096;
const NAME_LENGTH_MAX = 1_024;
/** What was active when the node was stopped, and was not raised again so long after it started, is over. */
const RESTORED_GRACE_MS = 60 * 60 * 1000;

/** A finding of verification: history is not what was signed. It stays until a person acknowledges it. */
export function isFinding({ code, severity }: Alarm): boolean {
  return severity === "critical" && code.startsWith("verification_");
}

/** Whether an alarm counts now: it was not cleared, and, if it is a finding, nobody has acknowledged it. */
export function isActive(alarm: AlarmRecord): boolean {
  return alarm.clearedMs === undefined && !(isFinding(alarm) && alarm.acknowledgement);
}

/**
 * The alarms of one node, and those that are over, 1,000 at most: the oldest that are over go first, then the oldest
 * warnings.
 */
export class AlarmBoard implements Alarms {
  /** By code, log and subject: at most one of each is not over. In the order in which they began. */
  readonly #open = new Map<string, AlarmRecord>();
  /** In the order in which they were over. */
  readonly #over = new Map<string, AlarmRecord>();
  /** Open ones that were kept from before the start, and not raised since. */
  readonly #restored = new Set<string>();
  readonly #now: () => number;
  readonly #startedMs: number;
  readonly #onChange: (change: AlarmChange) => void;

  constructor(now: () => number, { kept = [], onChange = () => undefined }: AlarmBoardOptions = {}) {
    this.#now = now;
    this.#startedMs = now();
    this.#onChange = onChange;
    for (const alarm of kept.toSorted((a, b) => a.sinceMs - b.sinceMs)) {
      if (alarm.clearedMs !== undefined) this.#over.set(alarm.id, alarm);
      else {
        this.#open.set(keyOf(alarm), alarm);
        if (!isFinding(alarm)) this.#restored.add(keyOf(alarm));
      }
    }
  }

  /** Oldest first. */
  get active(): readonly AlarmRecord[] {
    return [...this.#open.values()].filter(isActive);
  }

  /** All that are kept, newest first. */
  get all(): readonly AlarmRecord[] {
    return [...this.#over.values(), ...this.#open.values()]
      .toReversed()
      .toSorted((a, b) => b.sinceMs - a.sinceMs);
  }

  /** @throws RequestError `alarm_unknown` */
  get(id: string): AlarmRecord {
    const alarm = this.#over.get(id) ?? [...this.#open.values()].find((open) => open.id === id);
    if (alarm) return alarm;
    throw new RequestError(
      "alarm_unknown",
      `This node has no alarm ${JSON.stringify(id.slice(0, 40))}. Each node has alarms of its own; old ones that are over are dropped`,
    );
  }

  raise(alarm: Alarm): void {
    const key = keyOf(alarm);
    const nowMs = this.#now();
    const present = this.#open.get(key);
    this.#restored.delete(key);
    if (!present) this.#makeRoom();
    const { code, log, subject, severity, message, evidence } = alarm;
    const record: AlarmRecord = {
      id: present?.id ?? randomBytes(8).toString("hex"),
      code,
      ...(log !== undefined && { log }),
      subject: subject.slice(0, NAME_LENGTH_MAX),
      severity,
      message: message.slice(0, MESSAGE_LENGTH_MAX),
      ...(evidence && { evidence: boundedEvidence(evidence) }),
      sinceMs: present?.sinceMs ?? nowMs,
      renewedMs: nowMs,
      ...(present?.acknowledgement && { acknowledgement: present.acknowledgement }),
    };
    this.#open.set(key, record);
    const isWorse = present?.severity === "warning" && severity === "critical";
    this.#onChange({ kind: !present || isWorse ? "raised" : "renewed", alarm: record });
  }

  clear(key: AlarmKey): void {
    const alarm = this.#open.get(keyOf(key));
    if (alarm && !isFinding(alarm)) this.#end(alarm);
  }

  /**
   * A person has seen it. That ends a finding of verification: the same finding is not told again. Any other alarm
   * stays until its cause is gone.
   *
   * @throws RequestError `alarm_unknown`
   */
  acknowledge(id: string, acknowledgement: Omit<Acknowledgement, "atMs">): AlarmRecord {
    const alarm = this.get(id);
    if (alarm.acknowledgement) return alarm;
    const acknowledged = { ...alarm, acknowledgement: { atMs: this.#now(), ...acknowledgement } };
    if (alarm.clearedMs === undefined) this.#open.set(keyOf(alarm), acknowledged);
    else this.#over.set(id, acknowledged);
    this.#onChange({ kind: "acknowledged", alarm: acknowledged });
    return acknowledged;
  }

  /** Ends what was kept from before the start and did not come again. To be called now and then. */
  settle(): void {
    if (this.#restored.size === 0 || this.#now() - this.#startedMs < RESTORED_GRACE_MS) return;
    for (const key of this.#restored) this.#end(this.#open.get(key)!);
  }

  #end(alarm: AlarmRecord): void {
    const over = { ...alarm, clearedMs: this.#now() };
    this.#open.delete(keyOf(alarm));
    this.#restored.delete(keyOf(alarm));
    this.#over.set(over.id, over);
    this.#onChange({ kind: "cleared", alarm: over });
  }

  #makeRoom(): void {
    if (this.#open.size + this.#over.size < ALARMS_MAX) return;
    const open = [...this.#open.values()];
    const [over] = this.#over.values();
    const alarm =
      over ??
      open.find((each) => !isActive(each)) ??
      open.find(({ severity }) => severity === "warning") ??
      open[0]!;
    this.#over.delete(alarm.id);
    if (!over) this.#open.delete(keyOf(alarm));
    this.#restored.delete(keyOf(alarm));
    this.#onChange({ kind: "dropped", alarm });
  }
}

function keyOf({ code, log, subject }: AlarmKey): string {
  return JSON.stringify([code, log, subject.slice(0, NAME_LENGTH_MAX)]);
}
