import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type ObjectVersion,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UnavailableError } from "../../packages/proof/src/index.ts";
import { LogSecret } from "../../packages/server/src/log/signer/log-secret.ts";
import { openKeySource } from "../../packages/server/src/log/signer/open-key-source.ts";
import { SteleNode } from "../../packages/server/src/node.ts";
import { openMirrors, openSharedHome } from "../../packages/server/src/open-stores.ts";
import {
  makeBucket,
  removeBucket,
  testEndpoints,
  testS3Client,
  testS3Missing,
} from "../../packages/server/src/store/testing/test-s3.ts";

const SEGMENT_ENTRIES = 256;
const SEGMENTS = 3;
const RETAIN_DAYS = 1;
const HOUR_MS = 60 * 60 * 1000;

type Side = "primary" | "mirror";

/**
 * A node whose primary and mirror are buckets with Object Lock, and what somebody can do who has the credentials of the
 * buckets and every right.
 */
class LockedNode implements AsyncDisposable {
  readonly #client: S3Client;
  readonly #node: SteleNode;
  readonly #buckets: Readonly<Record<Side, string>>;
  readonly #prefix: string;
  readonly #directory: string;

  private constructor(
    client: S3Client,
    node: SteleNode,
    buckets: Readonly<Record<Side, string>>,
    prefix: string,
    directory: string,
  ) {
    this.#client = client;
    this.#node = node;
    this.#buckets = buckets;
    this.#prefix = prefix;
    this.#directory = directory;
  }

  static async start(
    client: S3Client,
    journal: string,
    vaults: Readonly<Record<Side, string>>,
    lock: "compliance" | "governance",
  ): Promise<LockedNode> {
    const directory = await mkdtemp(join(tmpdir(), "stele-locked-"));
    const prefix = directory.split("-").at(-1)!;
    const dataDir = join(directory, "data");
    await mkdir(dataDir);
    await LogSecret.create(join(directory, "secret"));
    const access = { s3Endpoints: testEndpoints.map(({ origin }) => origin), lock };
    const mirror = `s3://${journal}/${prefix}-mirror?vault=${vaults.mirror}/${prefix}`;
    const mirrors = await openMirrors({ urls: [mirror] }, access);
    const { home, probed } = await openSharedHome(
      dataDir,
      {
        ...access,
        journal: `s3://${journal}/${prefix}`,
        vault: `s3://${vaults.primary}/${prefix}`,
        retainDays: RETAIN_DAYS,
        storeTimeoutMs: 20_000,
      },
      [await openKeySource(join(directory, "secret"))],
      mirrors.stores,
      () => undefined,
    );
    await probed;
    const node = await SteleNode.open({
      dataDir,
      home,
      mirrors,
      segmentEntries: SEGMENT_ENTRIES,
      storeTimeoutMs: 20_000,
    });
    const started = new LockedNode(client, node, vaults, prefix, directory);
    await started.#fill();
    return started;
  }

  /** Entries in segments, in both buckets. */
  async #fill(): Promise<void> {
    const log = this.#node.log("main")!;
    for (let n = 0; n < SEGMENTS; n++) {
      const lines = Array.from({ length: SEGMENT_ENTRIES }, (_, i) =>
        JSON.stringify({ id: `e-${n * SEGMENT_ENTRIES + i}`, action: "a.b", actor: { id: `u-${i % 7}` } }),
      );
      const append = async () =>
        await log.append(new Uint8Array(Buffer.from(lines.join("\n"))), {
          type: "ndjson",
          encoding: "identity",
        });
      // A node that has just started may not know all ids yet.
      await expect.poll(() => append().then(() => "taken", codeOf)).toBe("taken");
    }
    await expect.poll(() => log.status().sealedSize).toBe(SEGMENTS * SEGMENT_ENTRIES);
    await expect.poll(async () => (await this.versions("mirror")).length).toBe(SEGMENTS);
  }

  /** In the order of their entries; what lies over another comes before it. */
  async versions(side: Side): Promise<ObjectVersion[]> {
    const list = new ListObjectVersionsCommand({ Bucket: this.#buckets[side], Prefix: `${this.#prefix}/` });
    return (await this.#client.send(list)).Versions ?? [];
  }

  /** How findings name an object. */
  placeOf(side: Side, { Key }: ObjectVersion): string {
    return `s3://${this.#buckets[side]}/${Key}`;
  }

  async shorten(side: Side, { Key, VersionId }: ObjectVersion, until: Date): Promise<void> {
    const retention = new PutObjectRetentionCommand({
      Bucket: this.#buckets[side],
      Key,
      VersionId,
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: until },
      BypassGovernanceRetention: true,
    });
    await this.#client.send(retention);
  }

  async delete(side: Side, { Key, VersionId }: ObjectVersion): Promise<void> {
    const remove = { Bucket: this.#buckets[side], Key, VersionId, BypassGovernanceRetention: true };
    await this.#client.send(new DeleteObjectCommand(remove));
  }

  /** The same bytes once more, without a lock, or with one of mode GOVERNANCE. */
  async putOver(side: Side, { Key, VersionId }: ObjectVersion, retainUntil?: Date): Promise<void> {
    const object = { Bucket: this.#buckets[side], Key };
    const source = await this.#client.send(new GetObjectCommand({ ...object, VersionId }));
    const bytes = await source.Body!.transformToByteArray();
    const lock = retainUntil && {
      ObjectLockMode: "GOVERNANCE" as const,
      ObjectLockRetainUntilDate: retainUntil,
    };
    await this.#client.send(
      new PutObjectCommand({ ...object, Body: bytes, ChecksumAlgorithm: "CRC32", ...lock }),
    );
  }

  async verify() {
    return await this.#node.log("main")!.verification!.passNow();
  }

  get alarms() {
    return this.#node.alarms.active;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof UnavailableError) return error.code;
  throw error;
}

describe.skipIf(testS3Missing)(`what the verifier finds of locks in S3 (${testS3Missing ?? "here"})`, () => {
  let client: S3Client;
  let journal: string;
  let vaults: Readonly<Record<Side, string>>;

  beforeAll(async () => {
    client = testS3Client();
    journal = await makeBucket(client);
    vaults = {
      primary: await makeBucket(client, { objectLock: true }),
      mirror: await makeBucket(client, { objectLock: true }),
    };
  });

  afterAll(async () => {
    for (const bucket of [journal, vaults.primary, vaults.mirror]) await removeBucket(client, bucket);
    client.destroy();
  });

  it("finds what somebody with the right to undo mode GOVERNANCE does, in the primary and in the mirror", async () => {
    await using subject = await LockedNode.start(client, journal, vaults, "governance");
    expect(await subject.verify()).toEqual([]);
    const [primary, mirror] = [await subject.versions("primary"), await subject.versions("mirror")];
    const until = wholeSecond(Date.now() + HOUR_MS);
    const shortened = { retainUntilMs: until.getTime(), lock: "governance" };
    await subject.shorten("primary", primary[0]!, until);
    await subject.shorten("mirror", mirror[1]!, until);
    await subject.putOver("primary", primary[2]!);
    await subject.delete("primary", primary[2]!);
    await subject.putOver("mirror", mirror[2]!);
    await subject.delete("mirror", mirror[2]!);
    await expectFound(subject, [
      { side: "primary", segment: primary[0]!, n: 0, found: shortened },
      { side: "mirror", segment: mirror[1]!, n: 1, found: shortened },
      { side: "primary", segment: primary[2]!, n: 2, found: {} },
      { side: "mirror", segment: mirror[2]!, n: 2, found: {} },
    ]);
  });

  it("finds what can be put over objects that nobody can delete, in mode COMPLIANCE", async () => {
    await using subject = await LockedNode.start(client, journal, vaults, "compliance");
    const [primary, mirror] = [await subject.versions("primary"), await subject.versions("mirror")];
    const denied = { name: "AccessDenied" };
    await expect(subject.delete("primary", primary[0]!)).rejects.toMatchObject(denied);
    const until = wholeSecond(Date.now() + HOUR_MS);
    await expect(subject.shorten("primary", primary[0]!, until)).rejects.toMatchObject(denied);
    // The version that was sealed is read, with its lock, whatever lies over it.
    await subject.putOver("primary", primary[1]!);
    expect(await subject.verify()).toEqual([]);
    // Which version is the mirror's, nobody signed. This one is locked for long enough, but not firmly.
    const long = wholeSecond(Date.now() + 48 * HOUR_MS);
    await subject.putOver("mirror", mirror[1]!);
    await subject.putOver("mirror", mirror[2]!, long);
    await expectFound(subject, [
      { side: "mirror", segment: mirror[1]!, n: 1, found: {} },
      {
        side: "mirror",
        segment: mirror[2]!,
        n: 2,
        found: { retainUntilMs: long.getTime(), lock: "governance" },
      },
    ]);
  });
});

/** What the verifier is to find: which segment, and how it is locked. */
interface Attack {
  readonly side: Side;
  readonly segment: ObjectVersion;
  /** Which one of the log's. */
  readonly n: number;
  readonly found: Readonly<Record<string, unknown>>;
}

/** What is found, and alarms, is this and no more. */
async function expectFound(subject: LockedNode, expected: readonly Attack[]): Promise<void> {
  const findings = await subject.verify();
  const positions = findings.map(({ code, place, firstIndex, lastIndex }) => ({
    code,
    place,
    firstIndex,
    lastIndex,
  }));
  expect(byPlace(positions)).toEqual(
    byPlace(
      expected.map(({ side, segment, n }) => ({
        code: "segment_not_locked",
        place: subject.placeOf(side, segment),
        firstIndex: n * SEGMENT_ENTRIES,
        lastIndex: (n + 1) * SEGMENT_ENTRIES - 1,
      })),
    ),
  );
  for (const { side, segment, found } of expected) {
    const place = subject.placeOf(side, segment);
    const { copy, evidence } = findings.find((finding) => finding.place === place)!;
    expect(copy.includes("-mirror/")).toBe(side === "mirror");
    expect(evidence).toMatchObject({ found });
    expect(subject.alarms).toContainEqual(
      expect.objectContaining({
        code: "verification_failed",
        severity: "critical",
        subject: `${place}: segment_not_locked`,
      }),
    );
  }
}

function byPlace<T extends { readonly place: string }>(findings: readonly T[]): T[] {
  return findings.toSorted((a, b) => (a.place < b.place ? -1 : 1));
}

/** As S3 keeps dates. */
function wholeSecond(ms: number): Date {
  return new Date(Math.ceil(ms / 1000) * 1000);
}
