import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { MalformedError, UnavailableError } from "@stele/proof";
import { isObjectKey } from "../object-key.ts";
import type { ObjectStore } from "../object-store.ts";
import { probeCreates } from "../probe-creates.ts";
import { logKeys, type Store, type StoreFindings } from "../store.ts";
import type { Vault } from "../vault.ts";
import { S3Failure } from "./s3-failure.ts";
import { S3Objects } from "./s3-objects.ts";
import type { S3Gateways } from "./s3-gateways.ts";
import { S3Vault } from "./s3-vault.ts";

const LOGS_AT_ONCE = 16;
/** What of the gateways has answered by then takes part in the probe. */
const REACH_TIMEOUT_MS = 2_000;

/** Part of a bucket, and a way to it. */
export interface BucketPart {
  readonly gateways: S3Gateways;
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
}

export interface S3StoreOptions {
  readonly journal: BucketPart;
  readonly vault: BucketPart;
  readonly lock: { readonly mode: "compliance" | "governance"; readonly required: boolean };
}

/** Logs in S3: journals in a bucket that decides who was first, segments in one that locks. */
export class S3Store implements Store {
  readonly place: string;
  readonly #journal: BucketPart;
  readonly #vault: BucketPart;
  readonly #lock: S3StoreOptions["lock"];
  #locking = false;

  constructor({ journal, vault, lock }: S3StoreOptions) {
    this.place = nameOf(journal);
    this.#journal = journal;
    this.#vault = vault;
    this.#lock = lock;
  }

  objects(log: string): ObjectStore {
    return new S3Objects(below(this.#journal, `logs/${log}/`));
  }

  vault(log: string): Vault {
    const { mode, required } = this.#lock;
    const lock = async () => (required || (await this.#canLock()) ? mode : "none");
    return new S3Vault({ ...below(this.#vault, `logs/${log}/vault/`), lock });
  }

  nodes(): ObjectStore {
    return new S3Objects(below(this.#journal, "nodes/"));
  }

  async logNames(): Promise<string[]> {
    const candidates = (await this.#directories("logs/")).values();
    const names: string[] = [];
    const lanes = Array.from({ length: LOGS_AT_ONCE }, async () => {
      for (const name of candidates) if (await this.#hasLog(name)) names.push(name);
    });
    await Promise.all(lanes);
    return names.toSorted();
  }

  async probe(): Promise<StoreFindings> {
    const warnings: string[] = [];
    const ways = await reachable(this.#journal, warnings);
    const wrong = await probeCreates(ways.map((gateways) => new S3Objects({ ...this.#journal, gateways })));
    if (wrong !== undefined) throw await this.#unfit(wrong);
    if (this.#vault.gateways !== this.#journal.gateways) await reachable(this.#vault, warnings);
    const vaultLock = await this.#probeLock();
    return { vaultLock, warnings };
  }

  async close(): Promise<void> {
    this.#journal.gateways.close();
    this.#vault.gateways.close();
    await Promise.resolve();
  }

  /** The names between a prefix and the next slash. */
  async #directories(prefix: string): Promise<string[]> {
    const { gateways, bucket } = this.#journal;
    const whole = this.#journal.prefix + prefix;
    const names: string[] = [];
    let after: string | undefined;
    for (let more = true; more;) {
      const list = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: whole,
        Delimiter: "/",
        ...(after !== undefined && { StartAfter: after }),
      });
      const page = await gateways.call(`${this.place}/${prefix}`, 0, ({ client, abortSignal }) =>
        client.send(list, { abortSignal }),
      );
      const before = after;
      for (const { Prefix } of page.CommonPrefixes ?? []) {
        if (Prefix === undefined) continue;
        const name = Prefix.slice(whole.length, -1);
        // Behind all keys of it.
        after = `${whole}${name}0`;
        if (isObjectKey(name)) names.push(name);
      }
      more = page.IsTruncated === true && after !== before;
    }
    return names;
  }

  async #hasLog(name: string): Promise<boolean> {
    const { gateways, bucket, prefix } = this.#journal;
    const key = `${prefix}logs/${name}/${logKeys.identity}`;
    const head = new HeadObjectCommand({ Bucket: bucket, Key: key });
    try {
      await gateways.call(`s3://${bucket}/${key}`, 0, ({ client, abortSignal }) =>
        client.send(head, { abortSignal }),
      );
      return true;
    } catch (error) {
      if (error instanceof S3Failure && error.kind === "absent") return false;
      throw error;
    }
  }

  async #probeLock(): Promise<StoreFindings["vaultLock"]> {
    const { mode, required } = this.#lock;
    const { gateways, bucket } = this.#vault;
    await assertBucket(gateways, bucket);
    if (!required) return "none";
    if (await this.#canLock()) return mode;
    throw new MalformedError(
      "store_unfit",
      `Bucket ${bucket} (${nameOf(this.#vault)}) does not lock what it is given, so sealed segments could be deleted: give a bucket that was made with Object Lock (--vault), or accept it (--vault-lock none)`,
    );
  }

  /** Whether the vault's bucket has Object Lock: that never changes back, and is asked until it is so. */
  async #canLock(): Promise<boolean> {
    if (this.#locking) return true;
    const { gateways, bucket } = this.#vault;
    const ask = new GetObjectLockConfigurationCommand({ Bucket: bucket });
    this.#locking = await gateways.call(nameOf(this.#vault), 0, async ({ client, abortSignal }) => {
      try {
        const answer = await client.send(ask, { abortSignal });
        return answer.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled";
      } catch (error) {
        const code = error instanceof Error ? error.name : "";
        if (code === "ObjectLockConfigurationNotFoundError" || code === "NotImplemented") return false;
        throw error;
      }
    });
    return this.#locking;
  }

  /** Why the journal's bucket is refused; cleans up what its versions left. */
  async #unfit(wrong: string): Promise<MalformedError> {
    const { gateways, bucket } = this.#journal;
    const versioning = await gateways.call(this.place, 0, async ({ client, abortSignal }) => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }), {
        abortSignal,
      });
      return Status;
    });
    await this.#deleteProbeVersions();
    const cause =
      versioning === undefined
        ? "The likely cause: its engine ignores If-None-Match, or does not check it atomically"
        : "The likely cause: it has versioning or Object Lock switched on, and some engines (Ceph 16) ignore If-None-Match there; use an unversioned bucket for the journal, and this one for --vault";
    return new MalformedError(
      "store_unfit",
      `Bucket ${bucket} (${this.place}) can't hold a journal: ${wrong}. ${cause}`,
    );
  }

  async #deleteProbeVersions(): Promise<void> {
    const { gateways, bucket, prefix } = this.#journal;
    await gateways.call(this.place, 0, async ({ client, abortSignal }) => {
      const list = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `${prefix}probe/` });
      const { Versions = [], DeleteMarkers = [] } = await client.send(list, { abortSignal });
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }), { abortSignal });
      }
    });
  }
}

/** The gateways that answer, each alone. @throws UnavailableError if none does, or one refuses */
async function reachable({ gateways, bucket }: BucketPart, warnings: string[]): Promise<S3Gateways[]> {
  const ways = gateways.each();
  const errors = await Promise.all(
    gateways.each(REACH_TIMEOUT_MS).map(async (way) => {
      try {
        await assertBucket(way, bucket);
        return undefined;
      } catch (error) {
        if (error instanceof UnavailableError && error.code === "store_unavailable") return error;
        throw error;
      }
    }),
  );
  const up = ways.filter((_, i) => errors[i] === undefined);
  const down = errors.filter((error) => error !== undefined);
  if (up.length === 0) throw down[0]!;
  for (const { message } of down) warnings.push(`an endpoint was down at the start: ${message}`);
  return up;
}

/** @throws UnavailableError `store_denied`, `store_unavailable` */
async function assertBucket(gateways: S3Gateways, bucket: string): Promise<void> {
  try {
    await gateways.call(`s3://${bucket}`, 0, ({ client, abortSignal }) =>
      client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
    );
  } catch (cause) {
    if (!(cause instanceof S3Failure)) throw cause;
    throw new UnavailableError("store_denied", `${gateways.place} has no bucket ${bucket}`, { cause });
  }
}

function below({ gateways, bucket, prefix }: BucketPart, path: string): BucketPart {
  return { gateways, bucket, prefix: prefix + path };
}

function nameOf({ bucket, prefix }: BucketPart): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, "");
}
