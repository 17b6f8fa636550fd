import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FallbackObjects, FallbackVault, type FallbackReport } from "./fallback.ts";
import { FileObjects } from "./file-objects.ts";
import { FileVault } from "./file-vault.ts";
import { RootDirectory } from "./root-directory.ts";
import type { ObjectStore } from "./object-store.ts";
import { SwitchedObjects } from "./testing/switched-objects.ts";

let directory: string;
let nowMs = 0;
let reports: FallbackReport[];
const clock = { monotonicMs: () => nowMs };
const options = { clock, report: (served: FallbackReport) => void reports.push(served) };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-fallback-"));
  nowMs = 1_000;
  reports = [];
});

afterEach(async () => await rm(directory, { recursive: true }));

describe("FallbackObjects", () => {
  let primary: SwitchedObjects;
  let mirror: SwitchedObjects;
  let objects: FallbackObjects;

  beforeEach(async () => {
    const root = new RootDirectory(directory);
    [primary, mirror] = ["primary", "mirror"].map(
      (path) => new SwitchedObjects(new FileObjects({ root, path, timeoutMs: 5_000 })),
    ) as [SwitchedObjects, SwitchedObjects];
    for (const each of [primary, mirror]) await each.create("a", [Buffer.from("1")]);
    await primary.create("b", [Buffer.from("2")]);
    objects = new FallbackObjects(primary, [mirror], options);
  });

  it("reads from the primary as long as that answers", async () => {
    const { get } = mirror.calls;
    expect((await objects.get("b"))?.toString()).toBe("2");
    expect(await objects.get("c")).toBeUndefined();
    expect(mirror.calls.get).toBe(get);
    expect(reports).toEqual([]);
  });

  it("reads from the mirror while the primary is out, asks it again after a while, and tells", async () => {
    primary.out = true;
    expect((await objects.get("a"))?.toString()).toBe("1");
    expect(reports).toMatchObject([
      { place: mirror.place, isPrimary: false, cause: { code: "store_unavailable" } },
    ]);
    primary.out = false;
    expect((await objects.get("a"))?.toString()).toBe("1");
    expect(reports).toHaveLength(1); // the primary is left out for now
    nowMs += 5_000;
    expect((await objects.get("b"))?.toString()).toBe("2");
    expect(reports[1]).toMatchObject({ place: primary.place, isPrimary: true });
  });

  it("does not believe a mirror that something is not there", async () => {
    primary.out = true;
    await expect(objects.get("b")).rejects.toMatchObject({ code: "store_unavailable" });
    primary.out = false;
    // No time passed: the primary is asked all the same, since nobody else has it.
    expect((await objects.get("b"))?.toString()).toBe("2");
  });

  it("writes to the primary alone", async () => {
    primary.out = true;
    await expect(objects.create("c", [])).rejects.toBeInstanceOf(UnavailableError);
    await expect(objects.delete(["a"])).rejects.toBeInstanceOf(UnavailableError);
    expect(await mirror.get("c")).toBeUndefined();
    expect(await mirror.get("a")).toBeDefined();
  });

  it("lists from whoever answers", async () => {
    expect(await keysOf(objects)).toEqual(["a", "b"]);
    primary.out = true;
    expect(await keysOf(objects)).toEqual(["a"]);
    mirror.out = true;
    await expect(keysOf(objects)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("FallbackVault", () => {
  const unreachable = new Proxy({} as FileVault, {
    get: (_, name) =>
      name === "place"
        ? "nowhere"
        : () => Promise.reject(new UnavailableError("store_unavailable", "nowhere is out")),
  });

  it("reads from the mirror while the primary is out", async () => {
    const vault = new FallbackVault(unreachable, [await vaultWith("mirror", "0123")], options);
    const ref = { key: "s.parquet", version: "of the primary" };
    expect(Buffer.from(await vault.get(ref, 1, 3)).toString()).toBe("12");
    expect(await vault.head(ref)).toMatchObject({ lengthBytes: 4 });
    await expect(vault.head({ key: "other" })).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(vault.get({ key: "other" }, 0, 1)).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("gives each of them alone to whoever found one damaged", async () => {
    const vault = new FallbackVault(
      await vaultWith("primary", "damaged"),
      [await vaultWith("mirror", "whole..")],
      options,
    );
    const read = async (n: number) =>
      Buffer.from(await vault.from(n)!.get({ key: "s.parquet" }, 0, 7)).toString();
    expect([await read(0), await read(1)]).toEqual(["damaged", "whole.."]);
    expect(vault.from(2)).toBeUndefined();
    await expect(vault.get({ key: "other" }, 0, 1)).rejects.toMatchObject({ code: "vault_key_unknown" });
  });

  it("asks without the version where it is not known", async () => {
    const versions: (string | undefined)[] = [];
    const inner = await vaultWith("primary", "0123");
    const versioned = Object.assign(Object.create(inner) as FileVault, {
      get: async (ref: { key: string; version?: string }, from: number, to: number) => {
        versions.push(ref.version);
        return await inner.get(ref.version === undefined ? ref : { key: "absent.parquet" }, from, to);
      },
    });
    const vault = new FallbackVault(versioned, [], options);
    expect(await vault.get({ key: "s.parquet", version: "v" }, 0, 4)).toHaveLength(4);
    expect(versions).toEqual(["v", undefined]);
  });
});

async function vaultWith(name: string, content: string): Promise<FileVault> {
  const vault = await FileVault.open(join(directory, name));
  await writeFile(join(directory, "staged"), content);
  await vault.put("s.parquet", join(directory, "staged"));
  return vault;
}

async function keysOf(objects: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list("")) keys.push(key);
  return keys;
}
