import { readFileSync } from "node:fs";
import { SteleClient, type ClientOptions } from "@stele/client";
import { UsageError } from "./cli-error.ts";
import { printableJson, printableLines } from "./printable.ts";
import { output, type Output } from "./terminal.ts";

export const DEFAULT_URL = "http://127.0.0.1:8080";
export const DEFAULT_DATA = "./stele-data";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url: string;
  readonly log: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a command works with: the global options, the streams, the world. */
export class Session {
  readonly options: GlobalOptions;
  /** For results. */
  readonly out: Output;
  /** For people: progress, remarks, errors. */
  readonly err: Output;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly #token: string | undefined;

  constructor(options: GlobalOptions, signal: AbortSignal) {
    this.options = options;
    this.out = output(process.stdout);
    this.err = output(process.stderr);
    this.signal = signal;
    this.#token = readToken(options.tokenFile);
  }

  get json(): boolean {
    return this.options.json ?? false;
  }

  /** For the node, or the nodes (`--url a,b`), of the options. */
  client(options: Partial<ClientOptions> = {}): SteleClient {
    return new SteleClient({
      endpoints: this.options.url.split(","),
      log: this.options.log,
      // Somebody waits: a node that is not there is told at once.
      attemptsMax: 3,
      ...(this.#token !== undefined && { token: this.#token }),
      ...options,
    });
  }

  /** For another place than the node of the options. The token goes there only if it is the same server. */
  clientFor(url: string, log: string): SteleClient {
    return this.#isOwnServer(url)
      ? this.client({ endpoints: [url], log })
      : new SteleClient({ endpoints: [url], log, attemptsMax: 3 });
  }

  /** The access token, for the servers of the options alone. */
  tokenFor(url: string): string | undefined {
    return this.#isOwnServer(url) ? this.#token : undefined;
  }

  #isOwnServer(url: string): boolean {
    return this.options.url.split(",").some((known) => serverOf(known) === serverOf(url));
  }

  /** A line for programs. On a terminal, what is not a visible character is escaped: the same JSON. */
  async printJson(value: object): Promise<void> {
    const json = JSON.stringify(value);
    await this.out.write(`${this.out.isTTY ? printableJson(json) : json}\n`);
  }

  /** A line for people. */
  async print(line = ""): Promise<void> {
    await this.out.write(`${line}\n`);
  }

  /** A remark for people beside the result, which may quote strangers; not said with `--quiet`. */
  async remark(line: string): Promise<void> {
    if (!this.options.quiet) await this.err.write(`${printableLines(line)}\n`);
  }
}

/** Never from the command line, which every process of the machine can read. */
function readToken(path: string | undefined): string | undefined {
  const token = path === undefined ? process.env["STELE_TOKEN"] : readFileSync(path, "utf8").trim();
  if (path === undefined && !token) return undefined;
  if (token !== undefined && /^[\x21-\x7E]+$/.test(token)) return token;
  throw new UsageError(`${path ?? "$STELE_TOKEN"} does not hold an access token`);
}

function serverOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
