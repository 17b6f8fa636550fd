import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatVerifierKey, noteVerifier, signNote, verifyNote, type NoteSigner } from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SteleNode } from "../../node.ts";
import { DirectoryHome } from "../directory-home.ts";
import { CommandKeys } from "./command-keys.ts";

const ORIGIN = "keys.example/logs/main";
const FORMAT = { type: "json", encoding: "identity" } as const;
/** A program that is there and runs. */
const has = (name: string): boolean => {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-signer-"));
});

afterEach(async () => await rm(directory, { recursive: true, force: true }));

/** The command that runs a script; `recipe` says what it does for each action. */
async function script(recipe: { readonly sign: string; readonly publicKey: string }): Promise<string> {
  const path = join(directory, "sign.sh");
  const text = `#!/bin/sh\nset -e\ncd "${directory}"\nif [ "$STELE_ACTION" = sign ]; then\n${recipe.sign}\nelse\n${recipe.publicKey}\nfi\n`;
  await writeFile(path, text);
  await chmod(path, 0o700);
  return path;
}

/** docs/operate/keys.md has the same. */
const OPENSSL = {
  sign: 'm=$(mktemp ./message.XXXXXX); cat > "$m"; openssl pkeyutl -sign -rawin -inkey key.pem -in "$m"; rm "$m"',
  publicKey: "openssl pkey -in key.pem -pubout",
};
const openssl = async (recipe: Partial<typeof OPENSSL> = {}): Promise<string> => {
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", join(directory, "key.pem")]);
  return await script({ ...OPENSSL, ...recipe });
};

async function signerOf(command: string, timeoutMs = 60_000): Promise<NoteSigner> {
  return (await new CommandKeys({ command, timeoutMs }).next(ORIGIN, []))!;
}

async function expectSignature(signer: NoteSigner): Promise<void> {
  const text = "a text\nof some lines ✓\n";
  const { verified } = verifyNote(await signNote(text, [signer]), [noteVerifier(signer.key)]);
  expect(verified).toHaveLength(1);
}

describe.skipIf(!has("openssl"))("openssl as the signer", () => {
  it.each([
    ["PEM", OPENSSL.publicKey],
    ["DER", "openssl pkey -in key.pem -pubout -outform DER"],
    ["DER in base64, as key services give it", "openssl pkey -in key.pem -pubout -outform DER | base64"],
    ["32 bytes", "openssl pkey -in key.pem -pubout -outform DER | tail -c 32"],
    ["32 bytes in base64", "openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | base64"],
  ])("gives its public key as %s", async (_, publicKey) => {
    await expectSignature(await signerOf(await openssl({ publicKey })));
  });

  it("gives signatures in base64 as well", async () => {
    await expectSignature(await signerOf(await openssl({ sign: `{ ${OPENSSL.sign}; } | base64 -w 0` })));
  });

  it("is told the log, and has its own key only once", async () => {
    const publicKey = `[ "$STELE_ORIGIN" = "${ORIGIN}" ] && ${OPENSSL.publicKey}`;
    const keys = new CommandKeys({ command: await openssl({ publicKey }), timeoutMs: 60_000 });
    const signer = (await keys.next(ORIGIN, []))!;
    expect(await keys.next(ORIGIN, [signer.key])).toBeUndefined();
    expect((await keys.find(signer.key))?.key).toEqual(signer.key);
    await expect(keys.next("other.example/log", [])).rejects.toMatchObject({ code: "signer_failed" });
  });

  const failures: readonly [string, Partial<typeof OPENSSL>, RegExp][] = [
    ["a wrong signature", { sign: "head -c 64 /dev/zero" }, /not a signature of the message/],
    ["a short one", { sign: "echo none" }, /no Ed25519 signature/],
    ["endless output", { sign: "yes" }, /more than 16384 bytes/],
    ["a failure", { sign: "echo the card is out >&2; exit 3" }, /ended with 3: the card is out/],
    ["silence", { sign: "sleep 600 & sleep 600" }, /longer than 700 ms/],
    ["death", { sign: "kill -9 $$" }, /137|SIGKILL/],
  ];
  it.each(failures)("and %s instead of a signature is an error, within its time", async (_, recipe, why) => {
    const command = await openssl(recipe);
    const known = await signerOf(command);
    const short = new CommandKeys({ command, timeoutMs: why.source.includes("700") ? 700 : 60_000 });
    // A slow machine may need longer than that for the public key.
    let signer: NoteSigner | undefined;
    while (!signer) signer = await short.find(known.key).catch(() => undefined);
    const error: unknown = await Promise.resolve(signer.sign(Buffer.from("x\n"))).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: "signer_failed", cause: { message: expect.stringMatching(why) } });
    expect((error as Error).message).not.toMatch(why);
  });

  it("a node writes nothing while it is out, goes on reading, tells it, and recovers", async () => {
    const command = await openssl({ sign: `test ! -e out; ${OPENSSL.sign}` });
    const home = new DirectoryHome(join(directory, "data"), [
      new CommandKeys({ command, timeoutMs: 60_000 }),
    ]);
    const node = await SteleNode.open({ dataDir: join(directory, "data"), home });
    try {
      const log = node.log("main")!;
      const append = async (id: string) =>
        await log.append(
          Uint8Array.from(Buffer.from(JSON.stringify({ id, action: "a.b", actor: { id: "u" } }))),
          FORMAT,
        );
      await append("one");
      expect(log.head().treeSize).toBe(1);
      await writeFile(join(directory, "out"), "");
      await expect(append("two")).rejects.toMatchObject({ code: "signer_failed" });
      expect(log.head().treeSize).toBe(1);
      expect(await log.readEntries(0, 1)).toHaveLength(1);
      expect(log.writable().ok).toBe(false);
      expect(node.alarms.active).toMatchObject([{ code: "signer_failing", log: "main" }]);
      await rm(join(directory, "out"));
      await append("two");
      expect(log.head().treeSize).toBe(2);
      expect(node.alarms.active).toEqual([]);
    } finally {
      await node.close();
    }
  });
});

describe.skipIf(!has("softhsm2-util") || !has("pkcs11-tool"))(
  "SoftHSM, by pkcs11-tool, as the signer",
  () => {
    const MODULES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];

    it("signs for a node, with a key that never leaves it", async () => {
      const module = MODULES.find((path) => has(path))!;
      await writeFile(
        join(directory, "softhsm2.conf"),
        `directories.tokendir = ${directory}\nobjectstore.backend = file\n`,
      );
      const env = { ...process.env, SOFTHSM2_CONF: join(directory, "softhsm2.conf") };
      const run = (name: string, parameters: string[]) =>
        execFileSync(name, parameters, { env, stdio: "pipe" });
      run("softhsm2-util", [
        "--init-token",
        "--free",
        "--label",
        "stele",
        "--pin",
        "1234",
        "--so-pin",
        "1234",
      ]);
      const login = ["--module", module, "--token-label", "stele", "--pin", "1234"];
      run("pkcs11-tool", [...login, "--keypairgen", "--key-type", "EC:edwards25519", "--label", "log"]);
      const tool = `SOFTHSM2_CONF="${directory}/softhsm2.conf" pkcs11-tool ${login.join(" ")}`;
      const command = await script({
        sign: `m=$(mktemp ./message.XXXXXX); cat > "$m"; ${tool} --sign --mechanism EDDSA --label log --input-file "$m" --output-file "$m.sig" >&2; cat "$m.sig"; rm "$m" "$m.sig"`,
        publicKey: `${tool} --read-object --type pubkey --label log`,
      });
      const keys = new CommandKeys({ command, timeoutMs: 60_000 });
      const signer = (await keys.next(ORIGIN, []))!;
      await expectSignature(signer);
      const home = new DirectoryHome(join(directory, "data"), [keys]);
      const node = await SteleNode.open({ dataDir: join(directory, "data"), home });
      try {
        const log = node.log("main")!;
        expect(log.vkey.split("+").slice(2)).toEqual(formatVerifierKey(signer.key).split("+").slice(2));
        await log.append(Uint8Array.from(Buffer.from('{"action":"a.b","actor":{"id":"u"}}')), FORMAT);
        expect(log.head().treeSize).toBe(1);
      } finally {
        await node.close();
      }
    });
  },
);
