import type { Alarm, AlarmKeeper, AlarmKey, Alarms, NotifyOptions } from "@stele/server/monitor";
import { countOf } from "./count.ts";
import type { Session } from "./session.ts";
import type { ToldAlarms } from "./told-alarms.ts";

/** What a monitor that ends waits for its notifiers. */
const DELIVERY_MS = 30_000;

/**
 * The alarms of a monitor: told on the standard output by each run, and, with notifiers, to people once, whatever is started again. For
 * that they are kept.
 */
export class NotifiedAlarms implements Alarms {
  readonly #session: Session;
  readonly #told: ToldAlarms;
  readonly #keeper: AlarmKeeper | undefined;

  private constructor(session: Session, told: ToldAlarms, keeper: AlarmKeeper | undefined) {
    this.#session = session;
    this.#told = told;
    this.#keeper = keeper;
  }

  /**
   * @param directory for the alarms; nothing is kept without notifiers
   * @throws MalformedError `option_invalid`, naming the option
   */
  static async open(
    session: Session,
    told: ToldAlarms,
    notify: NotifyOptions | undefined,
    directory: string,
  ): Promise<NotifiedAlarms> {
    if (!notify) return new NotifiedAlarms(session, told, undefined);
    const { AlarmKeeper, nodeNameOf, openNotifiers, systemClock } = await import("@stele/server/monitor");
    const keeper = await AlarmKeeper.open({
      directory,
      node: nodeNameOf(undefined),
      isFilesOnly: true,
      notifiers: await openNotifiers(notify, Date.now),
      clock: systemClock,
      now: Date.now,
      report: ({ kind, alarm }) => {
        // What the log does is told already: this is of the keeper, and of its notifiers.
        if (alarm.log !== undefined) return;
        if (kind === "raised") told.raise(alarm);
        else if (kind === "cleared") told.clear(alarm);
      },
    });
    return new NotifiedAlarms(session, told, keeper);
  }

  /** What was active when the monitor last stopped, or is now. */
  get active(): readonly Alarm[] {
    return this.#keeper?.board.active ?? [];
  }

  raise(alarm: Alarm): void {
    this.#told.raise(alarm);
    this.#keeper?.board.raise(alarm);
  }

  clear(key: AlarmKey): void {
    this.#told.clear(key);
    this.#keeper?.board.clear(key);
  }

  /** After each round: resolves once all is written to the standard output. */
  async settle(): Promise<void> {
    this.#keeper?.board.settle();
    await this.#told.told();
  }

  /** Before the monitor ends by itself: people are told first, if they can be. */
  async deliver(signal: AbortSignal): Promise<void> {
    if (!this.#keeper) return;
    const late = new AbortController();
    // Unlike that of AbortSignal.timeout, it keeps the process alive: nothing else does between two attempts.
    const timer = setTimeout(() => late.abort(), DELIVERY_MS);
    const waiting = await this.#keeper.deliver(AbortSignal.any([signal, late.signal]));
    clearTimeout(timer);
    if (waiting === 0) return;
    await this.#session.remark(
      `${countOf(waiting, "notification")} could not be delivered, and will be tried again when the monitor is started`,
    );
  }

  /** What was not delivered is kept. */
  async close(): Promise<void> {
    await this.#keeper?.close();
  }
}
