import { createTransport, type Transporter } from "nodemailer";
import { errorCode } from "../../store/storage-error.ts";
import {
  headline,
  notificationJson,
  NotifyError,
  oneLine,
  whereShown,
  type Notification,
  type Notifier,
} from "./notification.ts";

const TIMEOUT_MS = 10_000;
const SEND_TIMEOUT_MS = 60_000;
const SUBJECT_LENGTH_MAX = 200;

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte; `starttls`: or nothing is sent; `none`: for a relay on this machine. */
  readonly security: "tls" | "starttls" | "none";
  readonly login?: { readonly user: string; readonly password: string };
  readonly from: string;
  readonly to: readonly string[];
}

/** Mail. The same Message-ID each time that a notification is sent, so that mailboxes can drop what they have had. */
export class SmtpNotifier implements Notifier {
  readonly name = "smtp";
  readonly #transport: Transporter;
  readonly #options: SmtpOptions;

  constructor(options: SmtpOptions) {
    const { host, port, security, login } = options;
    this.#options = options;
    this.#transport = createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      ...(login && { auth: { user: login.user, pass: login.password } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      dnsTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#options;
    const { id, alarm } = notification;
    const sending = this.#transport.sendMail({
      from,
      to: [...to],
      subject: `[Stele] ${headline(notification)}`.slice(0, SUBJECT_LENGTH_MAX),
      messageId: `<${id}@stele.invalid>`,
      date: new Date(notification.atMs),
      headers: { "Auto-Submitted": "auto-generated", "X-Stele-Notification": id },
      text: mailText(notification),
      attachments: [
        {
          filename: `alarm-${alarm.id}.json`,
          contentType: "application/json",
          content: `${JSON.stringify(notificationJson(notification), null, 2)}\n`,
        },
      ],
    });
    try {
      await Promise.race([sending, ended(AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]))]);
    } catch (error) {
      sending.catch(() => undefined); // told already
      throw error instanceof NotifyError ? error : smtpError(error);
    }
  }
}

function mailText(notification: Notification): string {
  const { alarm, kind, node } = notification;
  return [
    headline(notification),
    "",
    oneLine(alarm.message),
    "",
    `subject   ${oneLine(alarm.subject)}`,
    `since     ${new Date(alarm.sinceMs).toISOString()}`,
    ...(alarm.clearedMs === undefined ? [] : [`cleared   ${new Date(alarm.clearedMs).toISOString()}`]),
    `node      ${node}`,
    `alarm     ${alarm.id}${kind === "raised" ? `  (${oneLine(whereShown(notification))})` : ""}`,
    "",
  ].join("\n");
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new NotifyError("notify_failed", "no answer in time"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** Of what the library says only codes: its messages quote the server, and may quote what was sent. */
function smtpError(error: unknown): NotifyError {
  const code = errorCode(error);
  const status =
    error instanceof Error && "responseCode" in error && typeof error.responseCode === "number"
      ? error.responseCode
      : undefined;
  const what = status === undefined ? code || "the connection failed" : `${code} ${status}`;
  const isRefused = code === "EMESSAGE" && status !== undefined && status >= 500;
  return new NotifyError(isRefused ? "notify_refused" : "notify_failed", what);
}
