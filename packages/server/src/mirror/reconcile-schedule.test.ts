import { expect, it } from "vitest";
import { MalformedError, followSuccession, formatVerifierKey } from "@stele/proof";
import { testSigner } from "../../../proof/src/testing/test-log.ts";
import { systemClock } from "../log/clock.ts";
import { FileVault } from "../store/file-vault.ts";
import { MemoryObjects } from "../store/testing/memory-objects.ts";
import { ReconcileSchedule, type ReconciledReport } from "./reconcile-schedule.ts";
import { SignedLog } from "./testing/signed-log.ts";

it("tells of a store that turns out to be unfit, and does not end the node", async () => {
  await using log = await SignedLog.create();
  const told = Promise.withResolvers<ReconciledReport>();
  const schedule = new ReconcileSchedule({
    mirrors: [
      {
        log: "main",
        primary: log.primary,
        keys: followSuccession(formatVerifierKey(testSigner("any.example/log", 1).key)),
        objects: new MemoryObjects(),
        vault: await FileVault.open(log.path("mirror-vault")),
        tempDirectory: log.tempDirectory,
      },
    ],
    everyMs: 10,
    claim: async () => Promise.reject(new MalformedError("store_unfit", "It lets two writers win")),
    clock: systemClock,
    report: told.resolve,
  });
  // Nothing else keeps the process awake.
  const alive = setInterval(() => undefined, 1_000);
  schedule.start();
  expect(await told.promise).toMatchObject({ kind: "reconcile_failed", error: { code: "store_unfit" } });
  schedule.close();
  clearInterval(alive);
});
