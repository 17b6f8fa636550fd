import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export interface Mail {
  readonly from: string | false;
  readonly to: string[];
  /** With its headers. */
  readonly text: string;
}

/** An SMTP server that keeps what it gets. Its password is `hunter2hunter2`; nobody trusts its certificate. */
export class MailServer {
  readonly mails: Mail[] = [];
  readonly #server: SMTPServer;

  private constructor({ isSecure }: { readonly isSecure: boolean }) {
    this.#server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: !isSecure,
      onAuth: ({ username, password }, _session, done) =>
        password === "hunter2hunter2" ? done(null, { user: username }) : done(new Error("no")),
      onData: (stream, session, done) => {
        const { mailFrom, rcptTo } = session.envelope;
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          this.mails.push({
            from: mailFrom && mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            text: Buffer.concat(chunks).toString(),
          });
          done();
        });
      },
    });
    this.#server.on("error", () => undefined); // clients that do not trust its certificate
  }

  static async start(options: { readonly isSecure: boolean }): Promise<MailServer> {
    const started = new MailServer(options);
    await new Promise<void>((resolve) => started.#server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}

/** What the mail has attached as JSON. */
export function attachmentOf({ text }: Mail): string {
  const boundary = /boundary="([^"]+)"/.exec(text)![1]!;
  const part = text.split(`--${boundary}`).find((one) => one.includes("Content-Disposition: attachment"))!;
  return Buffer.from(part.slice(part.indexOf("\r\n\r\n")), "base64").toString();
}
