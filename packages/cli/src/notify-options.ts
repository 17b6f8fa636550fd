import type { StartOptions } from "@stele/server";
import { UsageError } from "./cli-error.ts";
import type { ServeFlags } from "./serve-options.ts";

/** Who `stele serve` tells of alarms. @throws UsageError if what belongs together is not there together */
export function notifyOf(flags: ServeFlags): Pick<StartOptions, "notify"> {
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
