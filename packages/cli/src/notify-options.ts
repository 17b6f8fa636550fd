import type { StartOptions } from "@stele/server";
import { UsageError } from "./cli-error.ts";
import type { TableOption } from "./option-table.ts";
import { list } from "./option-values.ts";

/** Of the options about alarms, in the help. */
export const ALARMS = "Alarms, and who is told of them:";

/** Who is told of alarms: by nodes and by monitors. */
export const NOTIFY_OPTIONS: readonly TableOption[] = [
  { heading: ALARMS, flags: "--notify-webhook <url>", description: "a webhook, signed with HMAC-SHA-256" },
  { heading: ALARMS, flags: "--notify-webhook-secret <file>", description: "what it is signed with" },
  {
    heading: ALARMS,
    flags: "--notify-slack <file>",
    description: "an incoming webhook of Slack, or as Slack's; the file has its URL",
  },
  {
    heading: ALARMS,
    flags: "--notify-smtp <url>",
    description: "smtp://host (with STARTTLS), smtps://host or smtp+plain://host",
  },
  {
    heading: ALARMS,
    flags: "--notify-smtp-login <file>",
    description: "the user on the first line, the password on the second",
  },
  { heading: ALARMS, flags: "--notify-mail-from <address>", description: "who the mail is from" },
  {
    heading: ALARMS,
    flags: "--notify-mail-to <address,…>",
    description: "who gets it",
    parse: list,
  },
];

export interface NotifyFlags {
  readonly notifyWebhook?: string;
  readonly notifyWebhookSecret?: string;
  readonly notifySlack?: string;
  readonly notifySmtp?: string;
  readonly notifySmtpLogin?: string;
  readonly notifyMailFrom?: string;
  readonly notifyMailTo?: readonly string[];
}

/** Who a node, or a monitor, tells of alarms: nobody unless told. @throws UsageError if what belongs together is not there together */
export function notifyOf(flags: NotifyFlags): Pick<StartOptions, "notify"> {
  const { notifyWebhook, notifyWebhookSecret, notifySlack, notifySmtp, notifySmtpLogin } = flags;
  const { notifyMailFrom, notifyMailTo } = flags;
  if ((notifyWebhook === undefined) !== (notifyWebhookSecret === undefined))
    throw new UsageError("--notify-webhook <url> and --notify-webhook-secret <file> belong together");
  const isMail = notifySmtp !== undefined;
  if ((notifyMailFrom !== undefined) !== isMail || (notifyMailTo !== undefined) !== isMail)
    throw new UsageError("--notify-smtp, --notify-mail-from and --notify-mail-to belong together");
  if (notifySmtpLogin !== undefined && !isMail)
    throw new UsageError("--notify-smtp-login belongs to --notify-smtp");
  if (notifyWebhook === undefined && notifySlack === undefined && !isMail) return {};
  return {
    notify: {
      ...(notifyWebhook !== undefined &&
        notifyWebhookSecret !== undefined && {
          webhook: { url: notifyWebhook, secretPath: notifyWebhookSecret },
        }),
      ...(notifySlack !== undefined && { slackUrlPath: notifySlack }),
      ...(notifySmtp !== undefined &&
        notifyMailFrom !== undefined &&
        notifyMailTo && {
          smtp: {
            url: notifySmtp,
            from: notifyMailFrom,
            to: notifyMailTo,
            ...(notifySmtpLogin !== undefined && { loginPath: notifySmtpLogin }),
          },
        }),
    },
  };
}
