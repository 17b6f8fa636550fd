import { SteleError } from "@stele/proof";
import type { Acknowledgement, AlarmRecord } from "../alarms.ts";

/** What a person, or a program, is told about an alarm. */
export interface Notification {
  /** Stable: the same again each time that it is sent, so that receivers can tell what they have had. */
  readonly id: string;
  readonly kind: "raised" | "cleared" | "test";
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Which node, or machine with a monitor, tells. */
  readonly node: string;
  /** Where the alarm is kept on that machine, if no node shows it. */
  readonly file?: string;
  readonly alarm: AlarmRecord;
}

/** A way to tell somebody. Called for one notification at a time. */
export interface Notifier {
  /** `webhook`, `slack`, `smtp`: never where it goes, which may be a secret. */
  readonly name: string;
  /**
   * Resolves once the receiver has taken it. May be called again with the same notification.
   *
   * @throws NotifyError `notify_failed` (the receiver is out, or takes nothing), `notify_refused` (not this one)
   */
  send(notification: Notification, signal: AbortSignal): Promise<void>;
}

/** Telling somebody failed. The message holds no secret: neither URLs nor what a library said about them. */
export class NotifyError extends SteleError {}

/** The form in which notifications are sent to programs, and kept until they are. */
export function notificationJson({ id, kind, atMs, node, alarm }: Notification): Record<string, unknown> {
  return {
    id,
    type: `alarm.${kind}`,
    timestamp: new Date(atMs).toISOString(),
    data: { node, alarm: alarmJson(alarm) },
  };
}

/** An alarm as JSON, for the API and for notifications. Without `evidence` where only `alarm` without it is given. */
export function alarmJson(alarm: AlarmRecord) {
  const { id, code, log, subject, severity, message, evidence, sinceMs, renewedMs, clearedMs } = alarm;
  const { acknowledgement } = alarm;
  return {
    id,
    code,
    ...(log !== undefined && { log }),
    subject,
    severity,
    message,
    since: iso(sinceMs),
    renewed_at: iso(renewedMs),
    ...(clearedMs !== undefined && { cleared_at: iso(clearedMs) }),
    ...(acknowledgement && { acknowledged: acknowledgementJson(acknowledgement) }),
    ...(evidence && { evidence }),
  };
}

function acknowledgementJson({ atMs, by, note }: Acknowledgement) {
  return { at: iso(atMs), ...(by !== undefined && { by }), ...(note !== undefined && { note }) };
}

/** One line for people: `CRITICAL verification_failed (log main): …`. */
export function headline({ kind, node, alarm }: Notification): string {
  const { code, log, severity } = alarm;
  const word = kind === "raised" ? severity.toUpperCase() : kind.toUpperCase();
  return oneLine(`${word} ${code}${log === undefined ? "" : ` (log ${log})`} at ${node}`);
}

/** How somebody gets to see the alarm with its evidence. */
export function whereShown({ file, alarm }: Notification): string {
  return file ?? `stele alarms show ${alarm.id}`;
}

/** Without line ends and other control characters, which could forge what follows. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
