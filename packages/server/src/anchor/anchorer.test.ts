import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VerificationError, verifyCheckpoint } from "@stele/proof";
import { TestLog } from "../../../proof/src/testing/test-log.ts";
import { systemClock } from "../log/clock.ts";
import { AlarmBoard } from "../ops/alarms.ts";
import { claimPeriod } from "../store/claim-period.ts";
import { directoryObjects } from "../store/directory-objects.ts";
import type { FileObjects } from "../store/file-objects.ts";
import { auditAnchors } from "./anchor-audit.ts";
import { Anchorer } from "./anchorer.ts";
import { Anchors } from "./anchors.ts";
import { OpensslTsa, whyNoOpenssl } from "./testing/openssl-tsa.ts";
import { TsaClient } from "./tsa-client.ts";
import { parseCertificates } from "./tsa-certificate.ts";

const missing = whyNoOpenssl();
const log = new TestLog(50);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(VerificationError);
  return (error as VerificationError).code;
}

describe.skipIf(missing !== undefined)(`anchors${missing ? `: skipped, ${missing}` : ""}`, () => {
  let directory: string;
  let objects: FileObjects;
  let tsa: OpensslTsa;
  let client: TsaClient;
  let trusted: ReturnType<typeof parseCertificates>;
  let treeSize: number;
  let alarms: AlarmBoard;
  let running: Anchorer[];
  const failures: unknown[] = [];
  const notes = new Map<number, Uint8Array>();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "stele-anchors-"));
    objects = directoryObjects(directory);
    tsa = await OpensslTsa.start({ keyType: "ec" });
    trusted = parseCertificates(await tsa.ca(), "root.pem");
    client = new TsaClient(tsa.url, trusted);
    treeSize = 0;
    alarms = new AlarmBoard(Date.now);
    running = [];
    for (const size of [10, 20, 30]) notes.set(size, await log.signedCheckpoint(size));
  });
  afterEach(async () => {
    for (const each of running) await each.close();
    await tsa.stop();
    await rm(directory, { recursive: true });
    expect(failures).toEqual([]);
  });

  function start(everyMs: number, tsas = [client]): Anchorer {
    const anchorer = new Anchorer({
      log: "main",
      tsas,
      everyMs,
      published: () =>
        treeSize === 0 ? undefined : { treeSize, root: log.roots[treeSize]!, note: notes.get(treeSize)! },
      anchors: new Anchors(objects),
      claim: (period) => claimPeriod(objects, "anchor", period),
      alarms,
      clock: systemClock,
      onFailure: (error) => failures.push(error),
    });
    anchorer.start();
    running.push(anchorer);
    return anchorer;
  }

  const audit = (isAuthenticating = true) =>
    auditAnchors(objects, isAuthenticating ? trusted : undefined, (note) =>
      verifyCheckpoint(note, log.verifier),
    );
  const stamped = (count: number) =>
    expect.poll(async () => (await audit()).timestamps, { timeout: 50_000 }).toBe(count);
  it("keeps the first published checkpoint, then one a period if the log grew; of many nodes one does it", async () => {
    start(200);
    start(200);
    start(200);
    await systemClock.sleep(500);
    expect(await audit()).toMatchObject({ anchors: 0 });
    treeSize = 10;
    await stamped(1);
    await systemClock.sleep(600);
    expect(await audit()).toMatchObject({ anchors: 1, timestamps: 1, authenticated: 1 });
    treeSize = 20;
    await stamped(2);
    treeSize = 30;
    await stamped(3);
    expect((await audit()).newest).toMatchObject({ treeSize: 30, authority: "CN=tsa" });
    expect(await audit(false)).toMatchObject({ timestamps: 3, authenticated: 0 });
  });

  it("an authority that fails is an alarm, is asked again, and keeps the others from nothing", async () => {
    tsa.status = 503;
    const good = await OpensslTsa.start({ keyType: "ec" });
    start(400, [client, new TsaClient(good.url)]);
    treeSize = 10;
    await expect
      .poll(() => alarms.active.map(({ code }) => code), { timeout: 50_000 })
      .toEqual(["tsa_failing"]);
    expect(alarms.active[0]).toMatchObject({ subject: client.name, log: "main", severity: "warning" });
    await expect.poll(async () => (await audit(false)).timestamps, { timeout: 50_000 }).toBe(1);
    tsa.status = 200;
    await expect.poll(() => alarms.active, { timeout: 50_000 }).toEqual([]);
    expect(await audit(false)).toMatchObject({ anchors: 1, timestamps: 2 });
    await good.stop();
  });

  it("a claimed period is over for a node that starts again", async () => {
    treeSize = 10;
    const first = start(60 * 60 * 1000);
    await stamped(1);
    await first.close();
    treeSize = 20;
    start(60 * 60 * 1000);
    await systemClock.sleep(300);
    expect(await audit()).toMatchObject({ anchors: 1 });
  });

  it("what was taken away, put in or changed is noticed", async () => {
    const anchors = new Anchors(objects);
    const other = await client.stamp(new Uint8Array(32));
    await anchors.keep(10, notes.get(10)!);
    await anchors.keepTimestamp(10, other.response);
    expect(await codeOf(audit())).toBe("timestamp_of_other_data");
    await objects.delete(["anchors/0000000000000010/1.tsr"]);
    expect(await audit()).toMatchObject({ anchors: 1, timestamps: 0 });
    await objects.create("anchors/0000000000000020/1.tsr", [other.response]);
    expect(await codeOf(audit())).toBe("anchor_incomplete");
    await objects.create("anchors/0000000000000020/checkpoint", [notes.get(10)!]);
    expect(await codeOf(audit())).toBe("anchor_malformed");
    await objects.delete(["anchors/0000000000000020/checkpoint", "anchors/0000000000000020/1.tsr"]);
    await objects.create("anchors/something", [Buffer.from("else")]);
    expect(await codeOf(audit())).toBe("anchor_malformed");
  });
});
