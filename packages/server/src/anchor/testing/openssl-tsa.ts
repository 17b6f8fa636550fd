import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why these tests can't run here, if they can't. */
export function whyNoOpenssl(): string | undefined {
  try {
    execFileSync("openssl", ["ts", "-help"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no openssl with the command ts";
  }
}

export interface TsaCertificates {
  readonly keyType?: "rsa" | "ec";
  /** Days from now on; negative: it has expired. */
  readonly days?: number;
  readonly extendedKeyUsage?: string;
}

/** A time-stamping authority: `openssl ts` behind HTTP, with certificates of its own: a root, one between, and its own. */
export class OpensslTsa {
  readonly directory: string;
  readonly #server: Server;
  /** What to do to an answer before it is sent. */
  tamper: (response: Buffer) => Buffer = (response) => response;
  /** What to stamp in place of what was asked. */
  replaceQuery: (query: Buffer) => Promise<Buffer> = (query) => Promise.resolve(query);
  status = 200;
  requests = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.#server = createServer((request, response) => {
      void buffer(request)
        .then((query) => this.#reply(query))
        .then((reply) => {
          response.writeHead(this.status, {
            "content-type": "application/timestamp-reply",
            connection: "close",
          });
          response.end(this.tamper(reply));
        });
    });
  }

  static async start(certificates: TsaCertificates = {}): Promise<OpensslTsa> {
    const directory = await mkdtemp(join(tmpdir(), "stele-tsa-"));
    const tsa = new OpensslTsa(directory);
    await tsa.#makeCertificates(certificates);
    await writeFile(join(directory, "serial"), "01\n");
    await writeFile(join(directory, "tsa.cnf"), CONFIG);
    tsa.#server.listen(0, "127.0.0.1");
    await once(tsa.#server, "listening");
    return tsa;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/tsr`;
  }

  /** The root's certificate, in PEM. */
  async ca(): Promise<string> {
    return await readFile(join(this.directory, "root.pem"), "utf8");
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await rm(this.directory, { recursive: true });
  }

  async #reply(query: Buffer): Promise<Buffer> {
    const number = ++this.requests;
    const [asked, reply] = [`query-${number}`, `reply-${number}`];
    await writeFile(join(this.directory, asked), await this.replaceQuery(query));
    const flags = ["-config", "tsa.cnf", "-queryfile", asked, "-out", reply];
    await this.openssl("ts", "-reply", ...flags);
    return await readFile(join(this.directory, reply));
  }

  async openssl(...parameters: readonly string[]): Promise<void> {
    await run("openssl", parameters, { cwd: this.directory });
  }

  async #makeCertificates({ keyType = "rsa", days = 30, extendedKeyUsage }: TsaCertificates): Promise<void> {
    const curve =
      keyType === "ec" ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["-newkey", "rsa:2048"];
    const ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
    const request = (name: string) => [
      "req",
      ...curve,
      "-nodes",
      "-keyout",
      `${name}.key`,
      "-subj",
      `/CN=${name}`,
    ];
    await this.openssl(...request("root"), "-x509", "-days", "60", "-out", "root.pem", ...ca);
    await this.openssl(...request("between"), "-out", "between.csr");
    await this.openssl(...request("tsa"), "-out", "tsa.csr");
    const usage = extendedKeyUsage ?? "critical,timeStamping";
    await writeFile(join(this.directory, "between.ext"), "basicConstraints=critical,CA:TRUE\n");
    await writeFile(
      join(this.directory, "tsa.ext"),
      `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\n`,
    );
    const sign = async (name: string, by: string, time: readonly string[]): Promise<void> => {
      const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`];
      const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
      await this.openssl("x509", "-req", ...files, ...signer, ...time);
    };
    await sign("between", "root", ["-days", "60"]);
    await sign("tsa", "between", ["-days", String(days)]);
  }
}

const CONFIG = `[tsa]
default_tsa = tsa1
[tsa1]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./between.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
`;
