import { spawnSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { event, serveNode, submit } from "../../http/testing/served-node.ts";
import { readLogIdentity } from "../log-key.ts";
import { LogSecret } from "./log-secret.ts";
import { openKeySource } from "./open-key-source.ts";

const CLI = new URL("../../../../cli/bin/stele.ts", import.meta.url).pathname;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-secrecy-"));
});

afterEach(async () => await rm(directory, { recursive: true, force: true }));

/** Every form in which 32 secret bytes could come out: also parts of them. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  // Base64 of bytes inside of others depends on where they begin.
  const shifted = [0, 1, 2].map((at) => bytes.subarray(at, at + 24).toString("base64"));
  return [
    bytes.subarray(0, 12).toString("hex"),
    bytes.subarray(0, 12).toString("hex").toUpperCase(),
    ...shifted.flatMap((text) => [
      text.slice(0, 16),
      text.slice(0, 16).replaceAll("+", "-").replaceAll("/", "_"),
    ]),
    [...bytes.subarray(0, 8)].join(","),
    [...bytes.subarray(0, 8)].join(", "),
    bytes
      .subarray(0, 8)
      .toString("hex")
      .replaceAll(/(..)(?=.)/g, "$1 "),
    bytes.subarray(0, 12).toString("latin1"),
  ];
}

function expectSecret(secret: Uint8Array, said: string): void {
  expect(said.length).toBeGreaterThan(0);
  for (const form of formsOf(secret)) expect(said).not.toContain(form);
}

function seedOf(pem: Buffer): Buffer {
  return Buffer.from(createPrivateKey(pem).export({ format: "jwk" }).d!, "base64url");
}

it("would notice", () => {
  const secret = Buffer.from("a-secret-of-32-bytes-of-which-no-");
  for (const said of [
    secret.toString("hex"),
    Buffer.concat([Buffer.from("x"), secret]).toString("base64"),
    Buffer.concat([Buffer.from("xy"), secret]).toString("base64url"),
    inspect(secret),
    JSON.stringify(secret),
    secret.toString("latin1"),
  ]) {
    expect(() => expectSecret(secret, said)).toThrow();
  }
});

it("no private key of a log is in what a node answers, logs, measures or throws", async () => {
  const served = await serveNode();
  const said: string[] = [];
  try {
    const { url, node } = served;
    const ask = async (path: string, method = "GET") => {
      const response = await fetch(`${url}${path}`, { method });
      said.push(inspect(response.headers), await response.text());
    };
    await submit(url, [event({ id: "one" })]);
    const vkey = encodeURIComponent(node.log("main")!.vkey);
    await ask(`/v1/logs/main/key/rotate?current=${vkey}`, "POST");
    await submit(url, [event({ id: "two" })]);
    for (const path of [
      "/v1/status",
      "/metrics",
      "/v1/logs",
      "/v1/logs/main/keys",
      "/logs/main/checkpoint",
    ]) {
      await ask(path);
    }
    for (const path of [`rotate?current=${vkey}`, "rotate", "retire?vkey=none", `retire?vkey=${vkey}`]) {
      await ask(`/v1/logs/main/key/${path}`, "POST");
    }
    said.push(
      ...served.lines,
      inspect(node, { depth: 30, showHidden: true }),
      inspect(node.log("main")!.keys()),
    );
    const home = join(node.status().store.place, "logs", "main");
    const pems = await Promise.all([readFile(join(home, "key.pem")), readFile(join(home, "key-2.pem"))]);
    const identity = await readLogIdentity(home);
    said.push(inspect(identity, { depth: 30, showHidden: true }), JSON.stringify(identity));
    const signers = await identity.signers();
    said.push(inspect(signers, { depth: 30, showHidden: true }), JSON.stringify(signers));
    said.push(JSON.stringify(process.report.getReport()));
    const all = said.join("\n");
    for (const pem of pems) {
      expectSecret(seedOf(pem), all);
      expect(all).not.toContain("PRIVATE KEY");
    }
  } finally {
    await served.close();
  }
});

it("a secret from the environment leaves it, and is in no error, inspection or report", async () => {
  const path = join(directory, "secret");
  await LogSecret.create(path);
  const text = await readFile(path, "utf8");
  const secret = Buffer.from(text.slice("stele-secret-v1 ".length), "base64");
  process.env["STELE_TEST_SECRET"] = text;
  const source = await openKeySource("env:STELE_TEST_SECRET");
  expect(process.env["STELE_TEST_SECRET"]).toBeUndefined();
  const signer = (await source.next("a.example/logs/main", []))!;
  const derived = LogSecret.parse(text, "").deriveKey("a.example/logs/main");
  const said = [
    inspect(source, { depth: 30, showHidden: true }),
    JSON.stringify([source, signer]),
    inspect(signer, { depth: 30, showHidden: true }),
    JSON.stringify(process.report.getReport()),
  ];
  for (const wrong of [text.slice(0, 40), `x${text}`, text.replace("v1", "v2")]) {
    const error: unknown = await openKeySource("env:WRONG", { WRONG: wrong }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: "secret_malformed" });
    said.push(inspect(error, { depth: 30, showHidden: true }));
  }
  await expect(openKeySource("env:STELE_TEST_SECRET")).rejects.toMatchObject({ code: "secret_missing" });
  expectSecret(secret, said.join("\n"));
  expectSecret(seedOf(Buffer.from(derived.export({ type: "pkcs8", format: "pem" }))), said.join("\n"));
});

it("a command that fails after it has read the secret, or the PIN of a signer, says neither", async () => {
  const path = join(directory, "secret");
  await LogSecret.create(path);
  const text = await readFile(path, "utf8");
  const secret = Buffer.from(text.slice("stele-secret-v1 ".length), "base64");
  const serve = (...parameters: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        "--stack-trace-limit=50",
        CLI,
        "serve",
        "--port",
        "0",
        "--data",
        join(directory, "data"),
        ...parameters,
      ],
      { env: { ...process.env, STELE_LOG_SECRET: text }, encoding: "utf8" },
    );
    expect(status).not.toBe(0);
    return `${stdout}${stderr}`;
  };
  const noStore = serve("--key", "env:STELE_LOG_SECRET", "--journal", `file://${path}/below-a-file`);
  expectSecret(secret, noStore);
  const noSigner = serve("--key", "exec:false 987654-the-pin");
  expect(noSigner).toContain("The command that signs failed");
  expect(noSigner).not.toContain("987654");
});
