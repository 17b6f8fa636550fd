import { mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followSuccession, parseNote, parseVerifierKey, signNote, verifyCheckpoint } from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SteleNode } from "../node.ts";
import { createFile } from "../store/durable-file.ts";
import { listJournalFiles } from "../store/file-journal.ts";
import { verifyLogDirectory } from "../verify/verify-directory.ts";
import { FileKeys } from "./signer/file-keys.ts";
import type { StoredLog } from "./stored-log.ts";

const FORMAT = { type: "json", encoding: "identity" } as const;

let directory: string;
const open: SteleNode[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-keys-"));
});

afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
  await rm(directory, { recursive: true, force: true });
});

async function append(log: StoredLog, id: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ id, action: "a.b", actor: { id: "u" } }));
  await log.append(Uint8Array.from(body), FORMAT);
}

/** Who signed the newest checkpoint, by the number of the key. */
function signersOf(log: StoredLog): number[] {
  const { keys } = log.keys();
  return parseNote(log.head().note).signatures.map(
    ({ keyId }) => 1 + keys.findIndex(({ verifier }) => verifier.key.keyId === keyId),
  );
}

const logDirectory = (): string => join(directory, "data", "logs", "main");

async function openNode(): Promise<StoredLog> {
  const node = await SteleNode.open({ dataDir: join(directory, "data") });
  open.push(node);
  return node.log("main")!;
}

async function restart(): Promise<StoredLog> {
  await open.pop()!.close();
  return await openNode();
}

const verify = (key: string) =>
  verifyLogDirectory(logDirectory(), { key, stateDirectory: join(directory, "seen") });

describe("a log in a directory", () => {
  it("is not rotated so often without retiring that a checkpoint has no room for the signatures", async () => {
    const log = await openNode();
    await append(log, "before");
    let refused: unknown;
    for (let i = 0; i < 101 && refused === undefined; i++) {
      await log.rotateKey(log.vkey).catch((error: unknown) => (refused = error));
    }
    await append(log, "all-of-them");
    expect(refused).toMatchObject({ code: "keys_too_many" });
    const { keys } = log.keys();
    expect(signersOf(log)).toEqual(keys.map((_, i) => keys.length - i));
    await log.retireKey(keys[0]!.vkey);
    await log.rotateKey(log.vkey);
    await append(log, "one-more");
    expect((await verify(keys[0]!.vkey)).treeSize).toBe(3);
  });

  it("is signed by both keys, then by the new one, and verifies by any of them all the time", async () => {
    const log = await openNode();
    const first = log.vkey;
    await append(log, "before");
    const rotated = await log.rotateKey(first);
    expect((await stat(join(logDirectory(), "key-2.pem"))).mode & 0o777).toBe(0o600);
    expect(rotated.keys.map(({ fromSize }) => fromSize)).toEqual([0, 2]);
    const second = log.vkey;
    expect(second).not.toBe(first);
    await expect(log.retireKey(first)).rejects.toMatchObject({ code: "key_unproven" });
    await append(log, "both");
    expect(signersOf(log)).toEqual([2, 1]);
    for (const vkey of [first, second]) expect((await verify(vkey)).vkey).toBe(second);
    const retired = await log.retireKey(first);
    expect(retired.keys[0]!.toSize).toBe(2);
    expect(await log.retireKey(first)).toEqual(retired);
    await append(log, "after");
    expect(signersOf(log)).toEqual([2]);
    for (const vkey of [first, second]) expect((await verify(vkey)).treeSize).toBe(3);

    await rm(join(logDirectory(), "key.pem"));
    const reopened = await restart();
    expect(reopened.vkey).toBe(second);
    await append(reopened, "without-the-first");
    expect((await verify(first)).treeSize).toBe(4);
  });

  it("refuses what would change nothing, or the wrong thing", async () => {
    const log = await openNode();
    const first = log.vkey;
    await log.rotateKey(first);
    await expect(log.rotateKey(first)).rejects.toMatchObject({ code: "key_not_current" });
    await expect(log.retireKey(log.vkey)).rejects.toMatchObject({ code: "key_in_use" });
    await expect(log.retireKey("nobody+00000000+AAAA")).rejects.toMatchObject({ code: "key_unknown" });
    // An empty log: any key signs the empty tree, and that shows nothing.
    await expect(log.retireKey(first)).rejects.toMatchObject({ code: "key_unproven" });
  });

  it("rotates an empty log, twice at the same size", async () => {
    let log = await openNode();
    const first = log.vkey;
    await log.rotateKey(first);
    await log.rotateKey(log.vkey);
    log = await restart();
    expect(log.keys().keys).toHaveLength(3);
    expect(verifyCheckpoint(log.head().note, followSuccession(first, log.keys().statements)).treeSize).toBe(
      0,
    );
    await append(log, "one");
    expect(signersOf(log)).toEqual([3, 2, 1]);
    await log.retireKey(first);
    await log.retireKey(log.keys().keys[1]!.vkey);
    await append(log, "two");
    expect(signersOf(log)).toEqual([3]);
    expect((await verify(first)).treeSize).toBe(2);
  });

  it("comes back from a crash at each step of a rotation", async () => {
    let log = await openNode();
    const first = log.vkey;
    await append(log, "one");
    // The key was made, and not declared.
    await writeFile(join(logDirectory(), "key-2.pem"), await readFile(join(logDirectory(), "key.pem")), {
      mode: 0o600,
    });
    log = await restart();
    await append(log, "two");
    expect(signersOf(log)).toEqual([1]);
    await log.rotateKey(first);
    expect(log.vkey).not.toBe(first);
    // It was declared, and nobody was told.
    log = await restart();
    await append(log, "three");
    expect(signersOf(log)).toEqual([2, 1]);
    // The retirement was not written to its end.
    await writeFile(join(logDirectory(), "keys", "2.new"), "stele.reti");
    log = await restart();
    await log.retireKey(first);
    log = await restart();
    await append(log, "four");
    expect(signersOf(log)).toEqual([2]);
    expect((await verify(first)).treeSize).toBe(4);
  });

  it("is not opened without its newest key, nor with statements that do not count", async () => {
    const log = await openNode();
    await append(log, "one");
    await log.rotateKey(log.vkey);
    await open.pop()!.close();
    const path = join(logDirectory(), "key-2.pem");
    await rename(path, `${path}.away`);
    await expect(openNode()).rejects.toMatchObject({ code: "key_mismatch" });
    await rename(`${path}.away`, path);
    await createFile(join(logDirectory(), "keys", "2"), Buffer.from("not a statement"));
    await expect(openNode()).rejects.toMatchObject({ code: "note_malformed" });
  });

  it("is found out by verifiers if statements are held back, changed, or were never signed", async () => {
    const log = await openNode();
    const first = log.vkey;
    await append(log, "one");
    await log.rotateKey(first);
    await append(log, "two");
    await log.retireKey(first);
    await append(log, "three");
    await verify(first);
    const path = (n: number): string => join(logDirectory(), "keys", String(n));
    const [succession, retirement] = await Promise.all([readFile(path(1)), readFile(path(2))]);
    await rm(path(2));
    await expect(verify(first)).rejects.toMatchObject({ code: "key_changed" });
    await rm(path(1));
    await expect(verify(first)).rejects.toMatchObject({ code: "key_changed" });
    // Somebody who never saw the new key, and is not shown it, sees a log that somebody else signs.
    const fresh = { stateDirectory: join(directory, "fresh") };
    await expect(verifyLogDirectory(logDirectory(), { ...fresh, key: first })).rejects.toMatchObject({
      code: "checkpoint_not_authentic",
    });
    await createFile(path(1), Buffer.from(succession.toString().replace("\n1\n", "\n0\n")));
    await expect(verify(first)).rejects.toMatchObject({ code: "key_changed" });
    await expect(verifyLogDirectory(logDirectory(), fresh)).rejects.toMatchObject({
      code: "note_signature_wrong",
    });
    await rm(path(1));
    await createFile(path(1), succession);
    await createFile(path(2), retirement);
    expect((await verify(first)).treeSize).toBe(3);
  });

  const attacks = [
    ["old entries signed again with a newer key", 1, 2],
    ["a log that a retired key went on with", 3, 1],
  ] as const;
  it.each(attacks)(
    "%s: refused by verifiers, and by the node where it is the newest commit",
    async (_, treeSize, byKey) => {
      const log = await openNode();
      const first = log.vkey;
      await append(log, "one");
      await log.rotateKey(first);
      await append(log, "two");
      await log.retireKey(first);
      await append(log, "three");
      const second = log.vkey;
      await open.pop()!.close();
      const signer = await new FileKeys(logDirectory()).find(
        parseVerifierKey(byKey === 1 ? first : second),
        byKey,
      );
      const [file] = await listJournalFiles(join(logDirectory(), "journal"));
      const lines = (await readFile(file!.path, "utf8")).split("\n");
      const at = lines.findIndex((line) => line.includes(`/logs/main\\n${treeSize}\\n`));
      const { checkpoint } = JSON.parse(lines[at]!) as { checkpoint: string };
      const { text } = parseNote(Buffer.from(checkpoint));
      const forged = Buffer.from(await signNote(text, [signer!])).toString();
      await writeFile(file!.path, lines.with(at, JSON.stringify({ checkpoint: forged })).join("\n"));
      await expect(verify(first)).rejects.toMatchObject({
        code: "checkpoint_not_authentic",
        cause: { code: "key_not_valid_for_size" },
      });
      // Recovery checks the signature of the newest commit, on which the others rest.
      if (treeSize === 3) await expect(openNode()).rejects.toMatchObject({ code: "key_not_valid_for_size" });
    },
  );
});
