import { postJson } from "./http-post.ts";
import { headline, oneLine, whereShown, type Notification, type Notifier } from "./notification.ts";

const TEXT_LENGTH_MAX = 3_000;
const COLOURS = { critical: "#b00020", warning: "#e09b00" } as const;

/** An incoming webhook as Slack, and what imitates it, has them. Whoever knows its URL can post: the URL is a secret. */
export class SlackNotifier implements Notifier {
  readonly name = "slack";
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { kind, alarm } = notification;
    const text = [
      headline(notification),
      alarm.message.slice(0, TEXT_LENGTH_MAX),
      `${alarm.evidence ? "Evidence" : "More"}: ${whereShown(notification)}`,
    ]
      .map((line) => escapeSlack(oneLine(line)))
      .join("\n");
    const body = JSON.stringify({
      text,
      attachments: [
        { color: kind === "raised" ? COLOURS[alarm.severity] : "#2e7d32", text: escapeSlack(alarm.code) },
      ],
    });
    await postJson(this.#url, body, {}, signal);
  }
}

/**
 * What Slack would interpret: &, < and > begin links and mentions (`<!channel>`). Others know a bare @channel, which a
 * character without width breaks.
 */
export function escapeSlack(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200B");
}
