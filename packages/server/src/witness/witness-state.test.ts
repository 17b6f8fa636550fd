import {
  chmod,
  copyFile,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  ConflictError,
  formatNote,
  MalformedError,
  parseNote,
  SteleError,
  VerificationError,
} from "@stele/proof";
import { ORIGIN } from "../../../proof/src/testing/test-log.ts";
import type { Cosigned } from "./cosigned.ts";
import { FRAME_ALIGNMENT_BYTES } from "./state-frame.ts";
import { post, WitnessRig } from "./testing/witness-rig.ts";
import { WitnessKey } from "./witness-key.ts";
import { WitnessState } from "./witness-state.ts";

let rig: WitnessRig;

beforeEach(async () => {
  rig = await WitnessRig.make();
});
afterEach(() => rig.remove());

/** A witness that has cosigned these sizes, and was then killed. Returns the names of its files. */
async function cosign(...sizes: number[]): Promise<{ journal: string; snapshot: string }> {
  const witness = await rig.start({ init: true });
  let last = 0;
  for (const size of sizes) {
    expect((await post(witness.url, await rig.request(last, size))).status).toBe(200);
    last = size;
  }
  await witness.close();
  const names = await readdir(rig.stateDirectory);
  const journal = names.find((name) => name.startsWith("journal."))!;
  return { journal: join(rig.stateDirectory, journal), snapshot: join(rig.stateDirectory, "snapshot") };
}

/** What a witness keeps once it has cosigned. */
async function make(treeSize: number): Promise<Cosigned> {
  const { text, signatures } = parseNote(await rig.log.signedCheckpoint(treeSize));
  const note = formatNote(text, [...signatures, await rig.key.cosign(text, 5)]);
  return { origin: ORIGIN, timestampSeconds: 5, treeSize, root: rig.log.roots[treeSize]!, note };
}

async function openedSize(): Promise<number | undefined> {
  const state = await WitnessState.open(rig.stateDirectory, rig.key);
  const cosigned = state.get(ORIGIN);
  await state.close();
  return cosigned?.treeSize;
}

async function expectDamage(): Promise<VerificationError> {
  const error = await openedSize().then(
    (got) => new Error(`it opened, at size ${got}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(VerificationError);
  expect((error as SteleError).code).toBe("witness_state_damaged");
  return error as VerificationError;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SteleError);
  return (error as SteleError).code;
}

it("comes back with what it had, again and again", async () => {
  await cosign(3, 9, 20);
  for (let i = 0; i < 3; i++) expect(await openedSize()).toBe(20);
  expect((await readdir(rig.stateDirectory)).toSorted()).toEqual([
    expect.stringMatching(/^journal\./),
    "lock",
    "snapshot",
  ]);
});

it("is not made by opening it, nor replaced by making it", async () => {
  expect(await codeOf(rig.start())).toBe("witness_state_missing");
  await mkdir(rig.stateDirectory);
  expect(await codeOf(rig.start())).toBe("witness_state_missing");
  const { snapshot } = await cosign(5);
  expect(await codeOf(rig.start({ init: true }))).toBe("witness_state_exists");
  await rm(snapshot);
  expect(await codeOf(rig.start())).toBe("witness_state_missing");
  expect(await codeOf(rig.start({ init: true }))).toBe("witness_state_exists");
});

it("belongs to one key, and to one process", async () => {
  const witness = await rig.start({ init: true });
  const error = await rig.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConflictError);
  expect((error as ConflictError).code).toBe("witness_state_locked");
  await witness.close();
  const other = await WitnessKey.create(join(rig.directory, "other"), "witness.example/w1");
  expect(await codeOf(WitnessState.open(rig.stateDirectory, other))).toBe("witness_state_foreign");
  await (await rig.start()).close();
});

it("every flipped bit of what was answered is noticed", async () => {
  const { journal, snapshot } = await cosign(3, 9);
  for (const path of [journal, snapshot]) {
    const bytes = await readFile(path);
    const used = path === journal ? FRAME_ALIGNMENT_BYTES + 700 : bytes.length;
    for (let at = 0; at < used; at += 7) {
      if (bytes[at] === 0) continue;
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      await writeFile(path, damaged);
      const code = await codeOf(WitnessState.open(rig.stateDirectory, rig.key));
      expect(["witness_state_damaged", "witness_state_foreign"]).toContain(code);
    }
    await writeFile(path, bytes);
  }
  expect(await openedSize()).toBe(9);
});

it("files that are cut short, gone, swapped or of another time are noticed", async () => {
  const { journal, snapshot } = await cosign(3, 9);
  const kept = join(rig.directory, "kept");
  await cp(rig.stateDirectory, kept, { recursive: true });
  const restore = async () => {
    await rm(rig.stateDirectory, { recursive: true });
    await cp(kept, rig.stateDirectory, { recursive: true });
  };

  for (const length of [0, 100, FRAME_ALIGNMENT_BYTES, (await stat(journal)).size - 1]) {
    await truncate(journal, length);
    await expectDamage();
    await restore();
  }
  await truncate(snapshot, 50);
  await expectDamage();
  await restore();
  await rm(journal);
  expect((await expectDamage()).evidence["path"]).toBe(journal);
  await restore();

  // The first frame written over the second: it has the wrong number.
  const bytes = await readFile(journal);
  bytes.copyWithin(FRAME_ALIGNMENT_BYTES, 0, FRAME_ALIGNMENT_BYTES);
  await writeFile(journal, bytes);
  expect((await expectDamage()).evidence["offset"]).toBe(FRAME_ALIGNMENT_BYTES);
  await restore();

  // The journal of an earlier generation under the name of this one.
  expect(await openedSize()).toBe(9);
  const now = (await readdir(rig.stateDirectory)).find((name) => name.startsWith("journal."))!;
  await copyFile(join(kept, journal.split("/").at(-1)!), join(rig.stateDirectory, now));
  await expectDamage();
});

it("a write that a crash cut off is passed over, wherever it was cut", async () => {
  const { journal } = await cosign(3, 9);
  const bytes = await readFile(journal);
  const end = bytes.indexOf(0, FRAME_ALIGNMENT_BYTES);
  for (let cut = FRAME_ALIGNMENT_BYTES + 1; cut < end; cut += 13) {
    const torn = Buffer.from(bytes);
    torn.fill(0, cut);
    await writeFile(journal, torn);
    const before = await readFile(join(rig.stateDirectory, "snapshot"));
    expect(await openedSize()).toBe(3);
    // Opening began a new generation: back to the old one.
    await writeFile(join(rig.stateDirectory, "snapshot"), before);
  }
});

it("sectors of the last write that did not arrive are passed over, before one that did", async () => {
  const { journal } = await cosign(3, 9);
  const bytes = await readFile(journal);
  bytes.fill(0, FRAME_ALIGNMENT_BYTES, FRAME_ALIGNMENT_BYTES + 512);
  await writeFile(journal, bytes);
  expect(await openedSize()).toBe(3);
});

it("the same holes in an earlier write are damage", async () => {
  const { journal } = await cosign(3, 9);
  const file = await open(journal, "r+");
  await file.write(Buffer.alloc(512), 0, 512, 0);
  await file.close();
  await expectDamage();
});

it("begins anew when a journal is full, and keeps everything", async () => {
  const state = await WitnessState.create(rig.stateDirectory, rig.key);
  for (let round = 0; round < 1_100; round++) {
    await state.commit([await make(Math.min(40, Math.floor(round / 20)))]);
  }
  await state.close();
  expect(await openedSize()).toBe(40);
});

it("a disk that fails answers nothing, and the next commit begins in other files", async () => {
  const state = await WitnessState.create(rig.stateDirectory, rig.key);
  await state.commit([await make(3)]);
  // A directory that is gone fails every new file.
  const away = join(rig.directory, "away");
  await rename(rig.stateDirectory, away);
  const more = await make(5);
  const tooMany = Array.from({ length: 12_000 }, () => more);
  expect(await codeOf(state.commit(tooMany))).toBe("storage_failed");
  expect(state.get(ORIGIN)?.treeSize).toBe(3);
  await rename(away, rig.stateDirectory);
  await state.commit([await make(7)]);
  await state.close();
  expect(await openedSize()).toBe(7);
});

it("its key's file is refused if others can read it, or it is not one", async () => {
  const path = join(rig.directory, "key");
  await chmod(path, 0o640);
  expect(await codeOf(WitnessKey.read(path))).toBe("key_exposed");
  await chmod(path, 0o600);
  const text = await readFile(path, "utf8");
  expect((await WitnessKey.read(path)).vkey).toBe(rig.key.vkey);
  for (const wrong of [
    "",
    text.slice(0, -3),
    text.replace("w1", "w2"),
    `${text}x`,
    text.replace("+B", "+A"),
  ]) {
    await writeFile(path, wrong);
    const error: unknown = await WitnessKey.read(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MalformedError);
    expect((error as MalformedError).message).not.toContain(text.slice(40, 60));
  }
  expect(await codeOf(WitnessKey.create(path, "x"))).toBe("key_exists");
  expect(await codeOf(WitnessKey.read(join(rig.directory, "none")))).toBe("key_missing");
});
