import { readFile } from "node:fs/promises";
import { MalformedError } from "@stele/proof";
import { errorCode } from "../../store/storage-error.ts";
import type { Notifier } from "./notification.ts";
import { SlackNotifier } from "./slack.ts";
import type { SmtpOptions } from "./smtp.ts";
import { WebhookNotifier } from "./webhook.ts";

/** Who is told of alarms. Secrets are in files, never in options, which every process of the machine can read. */
export interface NotifyOptions {
  readonly webhook?: { readonly url: string; readonly secretPath: string };
  /** The file holds the URL, which is the secret. */
  readonly slackUrlPath?: string;
  readonly smtp?: {
    /** `smtps://host[:465]`, `smtp://host[:587]` (with STARTTLS or not at all), `smtp+plain://host[:25]` (without). */
    readonly url: string;
    /** The file has the user on its first line, the password on its second. */
    readonly loginPath?: string;
    readonly from: string;
    readonly to: readonly string[];
  };
}

const FILE_LENGTH_MAX = 4_096;
const SECRET_LENGTH_BYTES_MIN = 24;
const SMTP_FORMS = {
  "smtps:": { security: "tls", port: 465 },
  "smtp:": { security: "starttls", port: 587 },
  "smtp+plain:": { security: "none", port: 25 },
} as const satisfies Readonly<Record<string, { security: SmtpOptions["security"]; port: number }>>;

/** @throws MalformedError `option_invalid`, naming the option and the file, never what is in it */
export async function openNotifiers(options: NotifyOptions, now: () => number): Promise<Notifier[]> {
  const { webhook, slackUrlPath, smtp } = options;
  const notifiers: Notifier[] = [];
  if (webhook) {
    checkUrl(webhook.url, "--notify-webhook");
    notifiers.push(new WebhookNotifier(webhook.url, await readSecret(webhook.secretPath), now));
  }
  if (slackUrlPath !== undefined) {
    const url = await readOwnFile(slackUrlPath, "--notify-slack");
    checkUrl(url, `--notify-slack ${slackUrlPath}`);
    notifiers.push(new SlackNotifier(url));
  }
  if (smtp) {
    const { SmtpNotifier } = await import("./smtp.ts");
    notifiers.push(new SmtpNotifier(await smtpOptions(smtp)));
  }
  return notifiers;
}

async function smtpOptions({
  url,
  loginPath,
  from,
  to,
}: NonNullable<NotifyOptions["smtp"]>): Promise<SmtpOptions> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const form = parsed && SMTP_FORMS[parsed.protocol as keyof typeof SMTP_FORMS];
  const isWhole = parsed && /^\/?$/.test(parsed.pathname) && !parsed.search && !parsed.username;
  if (!form || !isWhole || parsed.hostname === "") {
    throw invalid(
      "--notify-smtp",
      "it is smtps://host, smtp://host (STARTTLS) or smtp+plain://host, with a port or without; the login is in a file",
    );
  }
  if (form.security === "none" && loginPath !== undefined) {
    throw invalid("--notify-smtp", "a login is not sent without TLS: use smtp:// or smtps://");
  }
  for (const address of [from, ...to]) {
    if (!/^[^\s<>,;"]+@[^\s<>,;"@]+$/.test(address))
      throw invalid("--notify-mail-…", `${address.slice(0, 80)} is no mail address`);
  }
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? form.port : Number(parsed.port),
    security: form.security,
    ...(loginPath !== undefined && { login: await readLogin(loginPath) }),
    from,
    to,
  };
}

async function readLogin(path: string): Promise<{ user: string; password: string }> {
  const [user = "", password = ""] = (await readOwnFile(path, "--notify-smtp-login")).split(/\r?\n/);
  if (user === "" || password === "")
    throw invalid(`--notify-smtp-login ${path}`, "it has a user on its first line, a password on its second");
  return { user, password };
}

/** As standardwebhooks.com writes secrets (`whsec_` and base64), or any other text. */
async function readSecret(path: string): Promise<Uint8Array> {
  const text = await readOwnFile(path, "--notify-webhook-secret");
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  const secret = encoded === undefined ? Buffer.from(text) : Buffer.from(encoded, "base64");
  if (secret.length >= SECRET_LENGTH_BYTES_MIN) return secret;
  throw invalid(
    `--notify-webhook-secret ${path}`,
    `a secret has ${SECRET_LENGTH_BYTES_MIN} bytes or more: openssl rand -base64 32`,
  );
}

async function readOwnFile(path: string, option: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw invalid(`${option} ${path}`, `the file can't be read (${errorCode(error)})`);
  }
  if (text.length <= FILE_LENGTH_MAX) return text.trim();
  throw invalid(`${option} ${path}`, "the file is too long for a secret");
}

function checkUrl(url: string, option: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  if (!isHttp || parsed.username !== "" || parsed.password !== "")
    throw invalid(option, "it is no http:// or https:// URL, or has a user in it");
}

function invalid(what: string, why: string): MalformedError {
  return new MalformedError("option_invalid", `${what}: ${why}`);
}
