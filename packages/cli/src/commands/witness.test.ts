import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { formatAddCheckpoint, formatVerifierKey } from "@stele/proof";
import { TestLog } from "../../../proof/src/testing/test-log.ts";
import { stele, SteleProcess } from "../testing/stele-process.ts";

let directory: string;
let state: string[];
const log = new TestLog(5);
const vkey = formatVerifierKey(log.signer.key);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-witness-cli-"));
  state = ["--key", join(directory, "key"), "--state", join(directory, "state"), "--port", "0"];
});
afterEach(() => rm(directory, { recursive: true }));

it("makes a key, then a state, then cosigns; and reads its list again on SIGHUP", async () => {
  const made = await stele(["key", "new", "--witness", "witness.example/w1", join(directory, "key")]);
  expect(made.code).toBe(0);
  expect(made.out).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B\S+\n$/);

  const list = join(directory, "logs");
  await writeFile(list, "# none yet\n");
  const refused = await stele(["witness", ...state, "--logs", list]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("--init makes one")]);

  const witness = new SteleProcess(["witness", "--json", "--init", ...state, "--logs", list]);
  const told = JSON.parse(await witness.line()) as { url: string; vkey: string; logs: number };
  expect(told).toMatchObject({ vkey: made.out.trim(), logs: 0, cosigned_logs: 0 });
  const body = formatAddCheckpoint({ oldTreeSize: 0, proof: [], checkpoint: await log.signedCheckpoint() });
  const ask = async () => {
    const response = await fetch(`${told.url}/add-checkpoint`, { method: "POST", body: Buffer.from(body) });
    return [response.status, await response.text()] as const;
  };
  expect((await ask())[0]).toBe(404);

  await writeFile(list, `log ${vkey}\n`);
  witness.signal("SIGHUP");
  const answer = expect.poll(async () => (await ask())[1], { timeout: 30_000 });
  await answer.toMatch(/^— witness\.example\/w1 \S+\n$/);
  expect((await witness.stop()).code).toBe(0);
});

it("wants logs, and a key of its own", async () => {
  expect((await stele(["witness", ...state])).code).toBe(2);
  const { code, err } = await stele(["witness", ...state, "--log-key", vkey]);
  expect([code, err]).toEqual([1, expect.stringContaining("stele key new --witness")]);
  expect((await stele(["witness", ...state, "--log-key", "nonsense"])).code).toBe(2);
});
