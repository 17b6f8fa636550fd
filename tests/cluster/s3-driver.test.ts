import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../packages/server/src/store/open-store.ts";
import { S3Gateways } from "../../packages/server/src/store/s3/s3-gateways.ts";
import { S3Objects } from "../../packages/server/src/store/s3/s3-objects.ts";
import { S3Vault } from "../../packages/server/src/store/s3/s3-vault.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import { FaultProxy, type Fault } from "../../packages/server/src/store/testing/fault-proxy.ts";
import { chooseByRules } from "../../packages/server/src/store/testing/fault-rules.ts";
import {
  makeBucket,
  removeBucket,
  testEndpoints,
  testS3Client,
  testS3Missing,
} from "../../packages/server/src/store/testing/test-s3.ts";
import { vaultContract } from "../../packages/server/src/store/testing/vault-contract.ts";

const why = testS3Missing ? ` (skipped: ${testS3Missing})` : "";
const TIMEOUT_MS = 5_000;
/** For the test machine. */
const SLACK_MS = 2_000;

let client: S3Client;
let plain: string;
let locking: string;
let directory: string;
let gateways: S3Gateways | undefined;
const proxies: FaultProxy[] = [];
let tests = 0;

beforeAll(async () => {
  if (testS3Missing) return;
  client = testS3Client();
  plain = await makeBucket(client);
  locking = await makeBucket(client, { objectLock: true });
  directory = await mkdtemp(join(tmpdir(), "stele-s3-"));
});

afterAll(async () => {
  if (testS3Missing) return;
  await removeBucket(client, plain);
  await removeBucket(client, locking);
  client.destroy();
  await rm(directory, { recursive: true });
});

beforeEach(() => {
  tests++;
});

afterEach(async () => {
  gateways?.close();
  gateways = undefined;
  for (const started of proxies.splice(0)) await started.stop();
});

async function proxy(fault?: Fault, options: { method?: string; times?: number } = {}): Promise<FaultProxy> {
  const rules = fault ? [{ fault, ...options }] : [];
  const started = await FaultProxy.start(testEndpoints[0]!, chooseByRules(rules));
  proxies.push(started);
  return started;
}

function objectsAt(...endpoints: URL[]): S3Objects {
  gateways = S3Gateways.open({ endpoints, timeoutMs: TIMEOUT_MS });
  return new S3Objects({ gateways, bucket: plain, prefix: `test-${tests}/` });
}

function vaultAt(endpoint: URL, lock: "compliance" | "governance" | "none" = "compliance"): S3Vault {
  gateways = S3Gateways.open({ endpoints: [endpoint], timeoutMs: TIMEOUT_MS });
  return new S3Vault({
    gateways,
    bucket: locking,
    prefix: `test-${tests}/`,
    lock: () => Promise.resolve(lock),
  });
}

/** What is there, past the driver. */
async function stored(key: string): Promise<string | undefined> {
  return (await objectsAt(testEndpoints[0]!).get(key))?.toString();
}

async function file(content: string | Buffer): Promise<string> {
  const path = join(directory, "staged");
  await writeFile(path, content);
  return path;
}

async function versions(prefix: string): Promise<number> {
  const list = new ListObjectVersionsCommand({ Bucket: locking, Prefix: prefix });
  return (await client.send(list)).Versions?.length ?? 0;
}

async function leftBehind(bucket: string): Promise<number> {
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: "probed/" });
  return (await client.send(list)).KeyCount ?? 0;
}

async function timed(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return performance.now() - started;
}

const bytes = [Buffer.from("one "), Buffer.alloc(100_000, "x")];
const text = Buffer.concat(bytes).toString();

describe.skipIf(testS3Missing)(`creating in S3${why}`, () => {
  it("is told that an object exists, when its own answer was lost", async () => {
    const between = await proxy({ kind: "answer_lost" }, { method: "PUT", times: 1 });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("exists");
    expect(between.seen).toHaveLength(2);
    expect(await stored("a")).toBe(text);
  });

  it("takes a 412 as it is", async () => {
    const between = await proxy();
    const objects = objectsAt(between.url);
    expect(await objects.create("a", bytes)).toBe("created");
    expect(await objects.create("a", [Buffer.from("other")])).toBe("exists");
    expect(between.seen).toHaveLength(2);
    expect(await stored("a")).toBe(text);
  });

  it("tries again after a 409, behind which nothing landed", async () => {
    const fault: Fault = { kind: "error", status: 409, code: "ConditionalRequestConflict" };
    const between = await proxy(fault, { times: 2 });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("created");
    expect(between.seen).toHaveLength(3);
  });

  it.each(["", "\n"])("does not take a 200 with an error in it for success (ending in %j)", async (end) => {
    const fault: Fault = { kind: "error", status: 200, code: "InternalError", end };
    const between = await proxy(fault, { times: 1 });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("created");
    expect(between.seen).toHaveLength(2);
    expect(await stored("a")).toBe(text);
  });

  it("finds the 412 in a 200", async () => {
    const between = await proxy({ kind: "error", status: 200, code: "PreconditionFailed" });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("exists");
    expect(between.seen).toHaveLength(1);
  });

  it.each([500, 502, 504])("tries again after a %i", async (status) => {
    const between = await proxy({ kind: "error", status, code: "InternalError" }, { times: 1 });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("created");
  });

  it("slows down when asked to, and gives up in time if it is asked for ever", async () => {
    const slow: Fault = { kind: "error", status: 503, code: "SlowDown" };
    const between = await proxy(slow, { times: 3 });
    const objects = objectsAt(between.url);
    expect(await timed(objects.create("a", bytes))).toBeGreaterThan(100);
    expect(between.seen).toHaveLength(4);
    between.choose = () => slow;
    between.seen.length = 0;
    const tookMs = await timed(
      expect(objects.create("b", bytes)).rejects.toMatchObject({
        code: "store_unavailable",
        retryAfterMs: expect.any(Number) as number,
      }),
    );
    expect(tookMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(between.seen.length).toBeLessThan(20);
    expect(await stored("b")).toBeUndefined();
  });

  it("goes to the next gateway past a black hole, and stays there", async () => {
    const hole = await proxy({ kind: "black_hole" });
    const objects = objectsAt(hole.url, testEndpoints.at(-1)!);
    expect(await timed(objects.create("a", bytes))).toBeLessThan(TIMEOUT_MS);
    expect(await timed(objects.create("b", bytes))).toBeLessThan(1_000);
    expect(hole.seen).toHaveLength(1);
    expect(await stored("a")).toBe(text);
  });

  it("goes to the next gateway at once where nobody listens", async () => {
    const objects = objectsAt(new URL("http://127.0.0.1:1"), testEndpoints[0]!);
    expect(await timed(objects.create("a", bytes))).toBeLessThan(1_000);
  });

  it("ends in time when every gateway is a black hole", async () => {
    const hole = await proxy({ kind: "black_hole" });
    const creating = objectsAt(hole.url).create("a", bytes);
    const refused = expect(creating).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await timed(refused)).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it("has one winner though the first attempt arrives late", async () => {
    const between = await proxy({ kind: "delay", delayMs: 3_600 }, { times: 1 });
    const objects = objectsAt(between.url, testEndpoints[0]!);
    expect(await objects.create("a", bytes)).toBe("created");
    await expect.poll(() => between.seen.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await stored("a")).toBe(text);
  });

  it("stores nothing of a request that was cut", async () => {
    const between = await proxy({ kind: "request_cut" }, { times: 1 });
    expect(await objectsAt(between.url).create("a", bytes)).toBe("created");
    expect(between.seen).toHaveLength(2);
    expect(await stored("a")).toBe(text);
  });

  it("reads again what was cut", async () => {
    const between = await proxy({ kind: "answer_cut" }, { method: "GET", times: 1 });
    const objects = objectsAt(between.url);
    await objects.create("a", bytes);
    expect((await objects.get("a"))?.toString()).toBe(text);
    expect(between.seen).toHaveLength(3);
  });

  it("says what is wrong with bucket or credentials, and no secret", async () => {
    const endpoints = [testEndpoints[0]!];
    gateways = S3Gateways.open({ endpoints, timeoutMs: TIMEOUT_MS });
    const nowhere = new S3Objects({ gateways, bucket: "stele-test-nowhere", prefix: "" });
    await expect(nowhere.create("a", bytes)).rejects.toMatchObject({
      code: "store_denied",
      message: expect.stringMatching(/stele-test-nowhere.*NoSuchBucket/) as string,
    });
    await expect(nowhere.get("a")).rejects.toMatchObject({ code: "store_denied" });
    gateways.close();
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    process.env["AWS_SECRET_ACCESS_KEY"] = "not-the-secret";
    gateways = S3Gateways.open({ endpoints, timeoutMs: TIMEOUT_MS });
    try {
      const error = await new S3Objects({ gateways, bucket: plain, prefix: "" })
        .create("a", bytes)
        .catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: "store_denied" });
      expect((error as Error).message).toMatch(new RegExp(`${plain}.*SignatureDoesNotMatch`));
      expect((error as Error).message).not.toContain("not-the-secret");
    } finally {
      process.env["AWS_ACCESS_KEY_ID"] = id;
      process.env["AWS_SECRET_ACCESS_KEY"] = secret;
    }
  });
});

vaultContract(
  "S3 with Object Lock",
  async () => {
    const own = S3Gateways.open({ endpoints: testEndpoints, timeoutMs: TIMEOUT_MS });
    return await Promise.resolve({
      vault: new S3Vault({
        gateways: own,
        bucket: locking,
        prefix: `contract-${tests}/`,
        lock: () => Promise.resolve("compliance"),
      }),
      remove: async () => {
        own.close();
        await Promise.resolve();
      },
    });
  },
  testS3Missing,
);

vaultContract(
  "S3 without versions",
  async () => {
    const own = S3Gateways.open({ endpoints: testEndpoints, timeoutMs: TIMEOUT_MS });
    return await Promise.resolve({
      vault: new S3Vault({
        gateways: own,
        bucket: plain,
        prefix: `contract-${tests}/`,
        lock: () => Promise.resolve("none"),
      }),
      remove: async () => {
        own.close();
        await Promise.resolve();
      },
    });
  },
  testS3Missing,
);

describe.skipIf(testS3Missing)(`a vault in S3${why}`, () => {
  it("locks what it is given, so that nobody can delete the version", async () => {
    const vault = vaultAt(testEndpoints[0]!);
    const retainUntilMs = Date.now() + 5_000;
    const put = await vault.put("a.parquet", await file("sealed"), { retainUntilMs });
    expect(put.retainUntilMs).toBeGreaterThanOrEqual(retainUntilMs);
    expect(put.retainUntilMs).toBeLessThan(retainUntilMs + 1_000);
    expect(put.version).toMatch(/./);
    const remove = new DeleteObjectCommand({
      Bucket: locking,
      Key: `test-${tests}/a.parquet`,
      VersionId: put.version,
      BypassGovernanceRetention: true,
    });
    await expect(client.send(remove)).rejects.toMatchObject({ name: "AccessDenied" });
    expect(await vault.head(put)).toEqual(put);
    // The bucket is taken away after the tests.
    await expect.poll(() => client.send(remove), { timeout: 20_000, interval: 1_000 }).toBeTruthy();
  });

  it("does not lock if told so", async () => {
    const vault = vaultAt(testEndpoints[0]!, "none");
    const put = await vault.put("a.parquet", await file("sealed"), { retainUntilMs: Date.now() + 60_000 });
    expect(put.retainUntilMs).toBeUndefined();
  });

  it("reads the version that was sealed, whatever was put over it, and behind a delete marker", async () => {
    const vault = vaultAt(testEndpoints[0]!);
    const sealed = await vault.put("a.parquet", await file("0123456789"), {});
    const object = { Bucket: locking, Key: `test-${tests}/a.parquet` };
    await client.send(new PutObjectCommand({ ...object, Body: "abcdefghijklmnop" }));
    expect(Buffer.from(await vault.get(sealed, 3, 7)).toString()).toBe("3456");
    expect(await vault.head(sealed)).toMatchObject({ lengthBytes: 10 });
    await expect(vault.get(sealed, 3, 11)).rejects.toMatchObject({ code: "range_out_of_bounds" });
    await client.send(new DeleteObjectCommand(object));
    expect(Buffer.from(await vault.get(sealed, 0, 10)).toString()).toBe("0123456789");
    expect(Buffer.from(await vault.get(sealed, 10, 10)).toString()).toBe("");
    expect(await vault.head({ key: "a.parquet" })).toBeUndefined();
    await expect(vault.get({ key: "a.parquet" }, 0, 1)).rejects.toMatchObject({ code: "vault_key_unknown" });
    expect(await vault.list()).toMatchObject([{ key: "a.parquet", lengthBytes: 16 }]);
  });

  it("puts one version though the answer is lost", async () => {
    const between = await proxy({ kind: "answer_lost" }, { method: "PUT", times: 1 });
    const vault = vaultAt(between.url);
    const put = await vault.put("a.parquet", await file(Buffer.alloc(3_000_000, "x")), {});
    expect(put).toMatchObject({ lengthBytes: 3_000_000 });
    expect(await versions(`test-${tests}/`)).toBe(1);
  });

  it("puts again after a cut, and an error in a 200", async () => {
    const between = await proxy();
    between.choose = chooseByRules([
      { method: "PUT", times: 1, fault: { kind: "request_cut" } },
      { method: "PUT", times: 1, fault: { kind: "error", status: 200, code: "InternalError" } },
    ]);
    const put = await vaultAt(between.url).put("a.parquet", await file(Buffer.alloc(3_000_000, "x")), {});
    expect(put).toMatchObject({ lengthBytes: 3_000_000 });
    expect(await versions(`test-${tests}/`)).toBe(1);
  });

  it("keeps the staged file when the store can't be reached", async () => {
    const between = await proxy({ kind: "error", status: 503, code: "SlowDown" });
    const vault = vaultAt(between.url);
    const path = await file("sealed");
    await expect(vault.put("a.parquet", path, {})).rejects.toMatchObject({ code: "store_unavailable" });
    between.choose = () => undefined;
    expect(await vault.put("a.parquet", path, {})).toMatchObject({ lengthBytes: 6 });
  });
});

describe.skipIf(testS3Missing)(`the probe of a store in S3${why}`, () => {
  let store: Store | undefined;

  afterEach(() => store?.close());

  function open(
    journal: string,
    options: { vault?: string; required?: boolean; endpoints?: readonly URL[] } = {},
  ): Store {
    const { vault, required = true, endpoints = testEndpoints } = options;
    store = openStore({
      journal: `s3://${journal}/probed`,
      ...(vault !== undefined && { vault: `s3://${vault}/probed` }),
      s3: { endpoints: endpoints.map(({ href }) => href) },
      lock: { mode: "governance", required },
      timeoutMs: TIMEOUT_MS,
    });
    return store;
  }

  it("accepts a plain bucket with one that locks, over all gateways, and leaves nothing behind", async () => {
    const findings = await open(plain, { vault: locking }).probe();
    expect(findings).toEqual({ vaultLock: "governance", warnings: [] });
    expect(await leftBehind(plain)).toBe(0);
  });

  it("refuses a bucket with Object Lock as a journal: it lets several win", async () => {
    await expect(open(locking, { vault: locking }).probe()).rejects.toMatchObject({
      code: "store_unfit",
      message: expect.stringMatching(`${locking}.*versioning or Object Lock`) as string,
    });
    const list = new ListObjectVersionsCommand({ Bucket: locking, Prefix: "probed/" });
    const { Versions = [], DeleteMarkers = [] } = await client.send(list);
    expect([...Versions, ...DeleteMarkers]).toEqual([]);
  });

  it("refuses a vault that can't lock, unless that was accepted", async () => {
    await expect(open(plain).probe()).rejects.toMatchObject({
      code: "store_unfit",
      message: expect.stringContaining("--vault-lock none") as string,
    });
    expect(await open(plain, { required: false }).probe()).toEqual({ vaultLock: "none", warnings: [] });
  });

  it("locks what has a date where it can, though it need not", async () => {
    const retainUntilMs = Date.now() + 1_000;
    const locks = open(plain, { vault: locking, required: false }).vault("main");
    const locked = await locks.put("a.parquet", await file("sealed"), { retainUntilMs });
    expect(locked.retainUntilMs).toBeGreaterThanOrEqual(retainUntilMs);
    await store?.close();
    const unlocking = open(plain, { required: false }).vault("main");
    const unlocked = await unlocking.put("a.parquet", await file("sealed"), { retainUntilMs });
    expect(unlocked.retainUntilMs).toBeUndefined();
  });

  it("goes on without a gateway that is down, and says so; not without all", async () => {
    const down = new URL("http://127.0.0.1:1");
    const findings = await open(plain, { vault: locking, endpoints: [down, ...testEndpoints] }).probe();
    expect(findings.warnings).toEqual([expect.stringContaining("127.0.0.1:1")]);
    await expect(open(plain, { endpoints: [down] }).probe()).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });

  it("is not fooled by answers that are lost", async () => {
    const between = await proxy();
    between.choose = chooseByRules([{ method: "PUT", share: 0.3, fault: { kind: "answer_lost" } }]);
    const findings = await open(plain, {
      vault: locking,
      endpoints: [between.url, testEndpoints[0]!],
    }).probe();
    expect(findings.vaultLock).toBe("governance");
  });

  it("names the bucket that is not there", async () => {
    await expect(open("stele-test-nowhere", { vault: locking }).probe()).rejects.toMatchObject({
      code: "store_denied",
      message: expect.stringContaining("stele-test-nowhere") as string,
    });
  });

  it("finds the logs that are there", async () => {
    const opened = open(plain, { required: false });
    expect(await opened.logNames()).toEqual([]);
    for (const name of ["b", "a", "a-b"]) {
      await opened.objects(name).create("log.json", [Buffer.from("{}")]);
      await opened.objects(name).create("journal/0", [Buffer.from("{}")]);
    }
    await opened.objects("half").create("journal/0", [Buffer.from("{}")]);
    expect(await opened.logNames()).toEqual(["a", "a-b", "b"]);
  });
});
