import { join } from "node:path";
import type { Clock } from "../log/clock.ts";
import { AlarmFiles } from "./alarm-files.ts";
import { AlarmBoard, isFinding, type AlarmChange, type AlarmRecord } from "./alarms.ts";
import { DeliveryQueue } from "./notify/delivery-queue.ts";
import type { Notification, Notifier } from "./notify/notification.ts";

const RENEW_PAUSE_MS = 60_000;
const RETRY_MS = 5_000;
const UNTOLD_MAX = 1_000;

export interface AlarmKeeperOptions {
  /** `<data>/alarms`. */
  readonly directory: string;
  /** What people call the node, or the machine of a monitor. */
  readonly node: string;
  /** Whether people read alarms where they are kept: nobody answers “stele alarms show”. */
  readonly isFilesOnly?: boolean;
  readonly notifiers: readonly Notifier[];
  readonly clock: Clock;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Told of what begins and ends, for the node's own log. */
  readonly report?: ((change: AlarmChange) => void) | undefined;
  /** The first pause after a failed delivery (milliseconds). */
  readonly backOffMs?: number;
}

/** How a notifier took a test. */
export interface TestResult {
  readonly notifier: string;
  /** Why not; undefined if it took it. */
  readonly failure: string | undefined;
}

/** Keeps the alarms of a node on its disk, and has people told of them. */
export class AlarmKeeper {
  readonly board: AlarmBoard;
  readonly #options: AlarmKeeperOptions;
  readonly #files: AlarmFiles;
  readonly #queues: readonly DeliveryQueue[];
  /** What is to be written: an alarm by its id, or undefined if it is to be deleted. */
  readonly #dirty = new Map<string, AlarmRecord | undefined>();
  /** Text that changed a moment after it was written: it can wait. */
  readonly #renewed = new Map<string, AlarmRecord>();
  readonly #writtenMs = new Map<string, number>();
  readonly #untold: Notification[] = [];
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isFailing = false;

  private constructor(options: AlarmKeeperOptions, files: AlarmFiles, kept: readonly AlarmRecord[]) {
    this.#options = options;
    this.#files = files;
    this.board = new AlarmBoard(options.now, { kept, onChange: (change) => this.#changed(change) });
    this.#queues = options.notifiers.map(
      (notifier) =>
        new DeliveryQueue({
          notifier,
          directory: join(options.directory, "undelivered", notifier.name),
          clock: options.clock,
          ...(options.backOffMs !== undefined && { backOffMs: options.backOffMs }),
          onState: (failure) => this.#notifierIs(notifier.name, failure),
        }),
    );
  }

  /** Reads what was kept, and takes up what could not be delivered. The caller has the directory to itself. */
  static async open(options: AlarmKeeperOptions): Promise<AlarmKeeper> {
    const files = new AlarmFiles(options.directory);
    const { alarms, malformed } = await files.load();
    const keeper = new AlarmKeeper(options, files, alarms);
    for (const queue of keeper.#queues) await queue.start();
    if (malformed.length > 0) {
      keeper.board.raise({
        code: "alarms_damaged",
        subject: options.directory,
        severity: "warning",
        message: `${malformed.length} files are not alarms as this node keeps them, the first is ${malformed[0]}: look at them, and delete them`,
      });
    } else keeper.board.clear({ code: "alarms_damaged", subject: options.directory });
    return keeper;
  }

  /** Sends a test by each notifier now, and says how they took it. */
  async test(): Promise<TestResult[]> {
    const nowMs = this.#options.now();
    const id = nowMs.toString(16).padStart(16, "0");
    const alarm: AlarmRecord = {
      id,
      code: "test",
      subject: "test",
      severity: "warning",
      message: "This is a test: somebody ran “stele alarms test”",
      evidence: { test: true },
      sinceMs: nowMs,
      renewedMs: nowMs,
    };
    const notification: Notification = {
      id: `${id}-test`,
      kind: "test",
      atMs: nowMs,
      node: this.#options.node,
      alarm,
    };
    return await Promise.all(
      this.#options.notifiers.map(async (notifier) => {
        try {
          await notifier.send(notification, AbortSignal.timeout(10_000));
          return { notifier: notifier.name, failure: undefined };
        } catch (error) {
          return { notifier: notifier.name, failure: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
  }

  /**
   * Waits until everybody was told of what happened until now, or the signal is aborted.
   *
   * @returns how many notifications wait still; they are kept
   */
  async deliver(signal: AbortSignal): Promise<number> {
    await this.#writing;
    await Promise.all(this.#queues.map((queue) => queue.emptied(signal)));
    return this.#queues.reduce((sum, { length }) => sum + length, this.#untold.length);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    for (const [id, alarm] of this.#renewed) if (!this.#dirty.has(id)) this.#dirty.set(id, alarm);
    this.#renewed.clear();
    this.#write();
    await this.#writing;
    clearTimeout(this.#retry);
    for (const queue of this.#queues) await queue.close();
  }

  #changed({ kind, alarm }: AlarmChange): void {
    const { now, report } = this.#options;
    const nowMs = now();
    if (kind === "renewed" && nowMs - (this.#writtenMs.get(alarm.id) ?? -Infinity) < RENEW_PAUSE_MS) {
      this.#renewed.set(alarm.id, alarm);
      return;
    }
    this.#renewed.delete(alarm.id);
    this.#dirty.set(alarm.id, kind === "dropped" ? undefined : alarm);
    if (kind === "dropped" || kind === "cleared") this.#writtenMs.delete(alarm.id);
    else this.#writtenMs.set(alarm.id, nowMs);
    if (kind === "raised") this.#tell("raised", alarm, nowMs);
    if (kind === "cleared" || (kind === "acknowledged" && isFinding(alarm)))
      this.#tell("cleared", alarm, nowMs);
    if (kind !== "renewed") report?.({ kind, alarm });
    this.#write();
  }

  #tell(kind: "raised" | "cleared", alarm: AlarmRecord, nowMs: number): void {
    if (this.#queues.length === 0) return;
    const id = `${alarm.id}-${kind}${kind === "raised" ? `-${alarm.severity}` : ""}`;
    if (this.#untold.length >= UNTOLD_MAX) return;
    const { node, isFilesOnly } = this.#options;
    const file = isFilesOnly ? { file: this.#files.path(alarm.id) } : {};
    this.#untold.push({ id, kind, atMs: nowMs, node, alarm, ...file });
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  /** Whom to tell is written first: somebody may be told twice, but is told. */
  async #writeAll(): Promise<void> {
    try {
      for (;;) {
        const [notification] = this.#untold;
        const [next] = this.#dirty;
        if (notification) {
          await this.#enqueue(notification);
          this.#untold.shift();
        } else if (next) {
          const [id, alarm] = next;
          if (alarm) await this.#files.save(alarm);
          else await this.#files.remove(id);
          if (this.#dirty.get(id) === alarm) this.#dirty.delete(id);
        } else break;
      }
      this.#isFailing = false;
    } catch (error) {
      const alarm = notKept(error, this.#options.now());
      if (!this.#isFailing) this.#options.report?.({ kind: "raised", alarm });
      this.#isFailing = true;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#write(), RETRY_MS).unref();
    }
  }

  async #enqueue(notification: Notification): Promise<void> {
    const { code, subject } = notification.alarm;
    for (const queue of this.#queues) {
      // That a notifier fails is told by the others.
      if (code !== "notifier_failing" || subject !== queue.name) await queue.put(notification);
    }
  }

  #notifierIs(name: string, failure: string | undefined): void {
    if (failure === undefined) {
      this.board.clear({ code: "notifier_failing", subject: name });
      return;
    }
    this.board.raise({
      code: "notifier_failing",
      subject: name,
      severity: "warning",
      message: `Nobody is told by ${name}: ${failure}. It is tried again for a day; “stele alarms test” tries it now`,
    });
  }
}

/** Not on the board, which could not be kept either: it is told in the node's log. */
function notKept(error: unknown, nowMs: number): AlarmRecord {
  return {
    id: "0".repeat(16),
    code: "alarms_not_kept",
    subject: "alarms",
    severity: "warning",
    message: `Alarms can't be kept on the disk: ${error instanceof Error ? error.message : String(error)}`,
    sinceMs: nowMs,
    renewedMs: nowMs,
  };
}
