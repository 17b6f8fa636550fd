import { createHmac } from "node:crypto";
import { postJson } from "./http-post.ts";
import { notificationJson, type Notification, type Notifier } from "./notification.ts";

/**
 * A webhook as standardwebhooks.com has it (docs/operate/alarms.md): the HMAC-SHA-256 of `<id>.<timestamp>.<body>` in
 * `webhook-signature`. The timestamp is of the sending, so a receiver refuses what is older than some minutes, and ids that
 * it has had.
 */
export class WebhookNotifier implements Notifier {
  readonly name = "webhook";
  readonly #url: string;
  readonly #secret: Uint8Array;
  readonly #now: () => number;

  /** @param now Unix milliseconds */
  constructor(url: string, secret: Uint8Array, now: () => number) {
    this.#url = url;
    this.#secret = secret;
    this.#now = now;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(notificationJson(notification));
    const timestamp = String(Math.floor(this.#now() / 1000));
    const headers = {
      "webhook-id": notification.id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${sign(this.#secret, notification.id, timestamp, body)}`,
    };
    await postJson(this.#url, body, headers, signal);
  }
}

function sign(secret: Uint8Array, id: string, timestamp: string, body: string): string {
  return createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
}
