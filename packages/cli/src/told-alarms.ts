import type { Alarm, AlarmKey, Alarms } from "@stele/server/monitor";
import { printable } from "./printable.ts";
import type { Session } from "./session.ts";

/** Tells of alarms on the standard output, once each, and when they are over. */
export class ToldAlarms implements Alarms {
  readonly #session: Session;
  readonly #active = new Map<string, Alarm>();
  #telling = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  get active(): readonly Alarm[] {
    return [...this.#active.values()];
  }

  raise(alarm: Alarm): void {
    const id = idOf(alarm);
    const before = this.#active.get(id);
    this.#active.set(id, alarm);
    if (before?.severity === alarm.severity) return;
    const { code, severity, subject, message, evidence } = alarm;
    this.#tell(
      { event: "alarm", severity, code, subject, message, ...(evidence && { evidence }) },
      `${this.#session.out.style(severity === "critical" ? "red" : "yellow", severity)} ${code}: ${printable(message)}`,
    );
  }

  clear(key: AlarmKey): void {
    if (!this.#active.delete(idOf(key))) return;
    const { code, subject } = key;
    this.#tell({ event: "over", code, subject }, `over ${code}: ${printable(subject)}`);
  }

  /** Resolves once all of it is written. */
  async told(): Promise<void> {
    await this.#telling;
  }

  #tell(json: object, line: string): void {
    const at = new Date().toISOString();
    const session = this.#session;
    this.#telling = this.#telling.then(() =>
      session.json ? session.printJson({ ...json, at }) : session.print(`${at} ${line}`),
    );
  }
}

function idOf({ code, subject }: AlarmKey): string {
  return JSON.stringify([code, subject]);
}
