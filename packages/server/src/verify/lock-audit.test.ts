import { expect, it } from "vitest";
import { SignedLog } from "../mirror/testing/signed-log.ts";
import type { Vault, VaultLock, VaultObject } from "../store/vault.ts";
import { auditLock } from "./lock-audit.ts";

const NOW = Date.UTC(2026, 0, 1);
const UNTIL = NOW + 1_000_000;

/** A vault as it is, that says this of locks: a directory can't lock. */
function locking(vault: Vault, lock: VaultLock, held: Pick<VaultObject, "lock" | "retainUntilMs">): Vault {
  return {
    place: vault.place,
    put: (key, path, options) => vault.put(key, path, options),
    get: (object, from, to) => vault.get(object, from, to),
    head: async (object) => {
      const found = await vault.head(object);
      return found && { ...found, ...held };
    },
    lock: () => Promise.resolve(lock),
    list: () => vault.list(),
  };
}

it("wants a segment locked at least as long, and as firmly, as it was to be", async () => {
  await using log = await SignedLog.create();
  await log.commit(600);
  const segment = await log.seal(512, UNTIL);
  const audit = async (
    lock: VaultLock,
    held: Pick<VaultObject, "lock" | "retainUntilMs">,
    nowMs = NOW,
  ): Promise<string> =>
    await auditLock({ segment, retainUntilMs: UNTIL }, locking(log.vault, lock, held), nowMs).then(
      () => "locked",
      ({ code }: { code: string }) => code,
    );
  expect(await audit("compliance", { lock: "compliance", retainUntilMs: UNTIL })).toBe("locked");
  expect(await audit("governance", { lock: "compliance", retainUntilMs: UNTIL + 1 })).toBe("locked");
  expect(await audit("compliance", {})).toBe("segment_not_locked");
  expect(await audit("compliance", { lock: "compliance", retainUntilMs: UNTIL - 1 })).toBe(
    "segment_not_locked",
  );
  expect(await audit("compliance", { lock: "governance", retainUntilMs: UNTIL })).toBe("segment_not_locked");
  // Its time is over, or the vault can't lock.
  expect(await audit("compliance", {}, UNTIL)).toBe("locked");
  expect(await audit("none", {})).toBe("locked");
});
