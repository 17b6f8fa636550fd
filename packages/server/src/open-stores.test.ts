import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openKeySource } from "./log/signer/open-key-source.ts";
import { LogSecret } from "./log/signer/log-secret.ts";
import { SteleNode } from "./node.ts";
import { openSharedHome } from "./open-stores.ts";
import { FileStore } from "./store/file-store.ts";
import { logKeys } from "./store/store.ts";

let directory: string;
let dataDir: string;
let node: SteleNode;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-shared-"));
  dataDir = join(directory, "data");
  const secretPath = join(directory, "key");
  await LogSecret.create(secretPath);
  const shared = { journal: `file://${directory}/store`, vaultLock: "none" as const };
  const { home, probed } = await openSharedHome(
    dataDir,
    shared,
    [await openKeySource(secretPath)],
    [],
    () => undefined,
  );
  await probed;
  node = await SteleNode.open({ dataDir, home });
});

afterEach(async () => {
  await node.close();
  await rm(directory, { recursive: true, force: true });
});

it("keeps what it caches from everybody else on the machine", async () => {
  for (const path of [dataDir, join(dataDir, "cache"), join(dataDir, "logs")]) {
    expect((await stat(path)).mode & 0o077).toBe(0);
  }
});

it("does not sign a second history of a log under another name", async () => {
  const store = new FileStore({
    journal: `${directory}/store`,
    vault: `${directory}/store`,
    timeoutMs: 5_000,
  });
  const identity = (await store.objects("main").get(logKeys.identity))!;
  await store.objects("twin").create(logKeys.identity, [identity]);
  await expect(node.prepare("twin", true)).rejects.toMatchObject({ code: "log_file_malformed" });
  expect(node.log("twin")).toBeUndefined();
});
