import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat, unlink } from "node:fs/promises";
import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type HeadObjectCommandOutput,
  type ObjectLockMode,
} from "@aws-sdk/client-s3";
import { ConflictError, MalformedError, UnavailableError } from "@stele/proof";
import { assertObjectKey } from "../object-key.ts";
import { storageError } from "../storage-error.ts";
import type { Vault, VaultLock, VaultObject, VaultRef } from "../vault.ts";
import { S3Failure, throwGetFailure } from "./s3-failure.ts";
import { readBody, type S3Place } from "./s3-objects.ts";
import type { S3Attempt, S3Gateways } from "./s3-gateways.ts";

/** What S3 takes in one PUT. */
const OBJECT_LENGTH_BYTES_MAX = 5 * 2 ** 30;

export interface S3VaultOptions extends S3Place {
  /** How objects with a retention date are locked; none: they are not, whatever date they have. */
  readonly lock: () => Promise<VaultLock>;
}

/** A file as it was read: what the store must have after a put. */
interface Digest {
  readonly lengthBytes: number;
  readonly md5: Buffer;
  readonly sha256: Buffer;
}

/** A vault below a prefix of an S3 bucket: versions under Object Lock, if the bucket has it. */
export class S3Vault implements Vault {
  readonly place: string;
  readonly #gateways: S3Gateways;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #lock: S3VaultOptions["lock"];

  constructor({ gateways, bucket, prefix, lock }: S3VaultOptions) {
    this.place = `s3://${bucket}/${prefix}`.replace(/\/$/, "");
    this.#gateways = gateways;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#lock = lock;
  }

  async put(
    key: string,
    path: string,
    options: { readonly retainUntilMs?: number } = {},
  ): Promise<VaultObject> {
    const object = this.#object({ key });
    const digest = await digestOf(path);
    if (await this.head({ key })) {
      throw new ConflictError("vault_key_taken", `${this.#name(key)} is there already and is never replaced`);
    }
    const retention = await this.#retention(options.retainUntilMs);
    let sent = false;
    const stored = await this.#gateways.call(this.#name(key), digest.lengthBytes, async (attempt) => {
      // An earlier attempt may have landed though its answer was lost. One version is enough.
      const landed = sent ? await this.#headOnce({ key }, attempt) : undefined;
      if (landed && holds(landed, digest)) return landed;
      sent = true;
      const version = await this.#putOnce({ ...object, ...retention }, path, digest, attempt);
      return await this.#headOnce({ key, ...version }, attempt);
    });
    this.#assertStored(key, stored, digest, retention.ObjectLockRetainUntilDate);
    await unlink(path).catch((cause: unknown) => {
      throw storageError(cause, path);
    });
    return vaultObject(key, stored!);
  }

  async get(object: VaultRef, from: number, to: number): Promise<Uint8Array> {
    if (!(from >= 0 && from < to)) return await this.#getNothing(object, from, to);
    const name = this.#name(object.key);
    const range = { ...this.#object(object), Range: `bytes=${from}-${to - 1}` };
    try {
      return await this.#gateways.call(name, to - from, async (attempt) => {
        const get = new GetObjectCommand(range);
        const answer = await attempt.client
          .send(get, { abortSignal: attempt.abortSignal })
          .catch(throwGetFailure);
        const body = answer.Body as Readable;
        if (answer.ContentLength !== to - from || !answer.ContentRange?.startsWith(`bytes ${from}-`)) {
          body.destroy();
          throw outOfBounds(name, from, to, answer.ContentRange);
        }
        // Time for its length was given already.
        return await readBody(body, to - from, { ...attempt, extend: () => undefined }, name);
      });
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      throw error.kind === "range" ? outOfBounds(name, from, to) : unknownKey(name, object);
    }
  }

  async head(object: VaultRef): Promise<VaultObject | undefined> {
    const found = await this.#gateways.call(this.#name(object.key), 0, (attempt) =>
      this.#headOnce(object, attempt),
    );
    return found && vaultObject(object.key, found);
  }

  async lock(): Promise<VaultLock> {
    return await this.#lock();
  }

  /** By versions: a delete marker, which a lock does not keep away, hides nothing from it. */
  async list(): Promise<VaultObject[]> {
    const objects: VaultObject[] = [];
    let marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
    for (let more = true; more;) {
      const list = new ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: this.#prefix, ...marker });
      const page = await this.#gateways.call(this.place, 0, ({ client, abortSignal }) =>
        client.send(list, { abortSignal }),
      );
      for (const { Key, Size, VersionId } of page.Versions ?? []) {
        const key = Key?.slice(this.#prefix.length);
        // The newest version comes first.
        if (key === undefined || Size === undefined || key === objects.at(-1)?.key) continue;
        objects.push({ key, lengthBytes: Size, ...versioned(VersionId) });
      }
      marker = {
        ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
        ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
      };
      more = page.IsTruncated === true && page.NextKeyMarker !== undefined;
    }
    return objects;
  }

  async #retention(
    retainUntilMs: number | undefined,
  ): Promise<{ readonly ObjectLockMode?: ObjectLockMode; readonly ObjectLockRetainUntilDate?: Date }> {
    const lock = retainUntilMs === undefined ? "none" : await this.#lock();
    if (retainUntilMs === undefined || lock === "none") return {};
    return {
      ObjectLockMode: lock === "governance" ? "GOVERNANCE" : "COMPLIANCE",
      // S3 keeps whole seconds.
      ObjectLockRetainUntilDate: new Date(Math.ceil(retainUntilMs / 1000) * 1000),
    };
  }

  async #putOnce(
    input: { readonly Bucket: string; readonly Key: string },
    path: string,
    { lengthBytes, md5, sha256 }: Digest,
    { client, abortSignal }: S3Attempt,
  ): Promise<{ readonly version?: string }> {
    const body = createReadStream(path);
    const put = new PutObjectCommand({
      ...input,
      Body: body,
      ContentLength: lengthBytes,
      // A lock needs a checksum, and this is the one that every engine knows.
      ContentMD5: md5.toString("base64"),
    });
    // A stream is not signed unless told its hash.
    put.middlewareStack.add(
      (next) => async (args) => {
        (args.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] =
          sha256.toString("hex");
        return await next(args);
      },
      { step: "build" },
    );
    try {
      const { ETag, VersionId } = await client.send(put, { abortSignal });
      if (ETag === undefined) throw new S3Failure("lost", "an answer without ETag");
      return versioned(VersionId);
    } finally {
      body.destroy();
    }
  }

  async #headOnce(
    object: VaultRef,
    { client, abortSignal }: S3Attempt,
  ): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await client.send(new HeadObjectCommand(this.#object(object)), { abortSignal });
    } catch (error) {
      const failure = S3Failure.of(error);
      if (failure.kind === "absent") return undefined;
      throw failure;
    }
  }

  /** @throws UnavailableError `store_denied`: the store took it, and has something else, or has not locked it */
  #assertStored(
    key: string,
    stored: HeadObjectCommandOutput | undefined,
    digest: Digest,
    until: Date | undefined,
  ): void {
    if (!stored || !holds(stored, digest)) {
      throw new UnavailableError(
        "store_unavailable",
        `${this.#name(key)} was taken by the store, which does not have it as it was sent`,
      );
    }
    if (until && !((stored.ObjectLockRetainUntilDate?.getTime() ?? 0) >= until.getTime())) {
      throw new UnavailableError(
        "store_denied",
        `${this.#name(key)} was stored, but is not locked until ${until.toISOString()}: look at the bucket's Object Lock, and at the right to set retention`,
      );
    }
  }

  async #getNothing(object: VaultRef, from: number, to: number): Promise<Uint8Array> {
    const found = await this.head(object);
    if (!found) throw unknownKey(this.#name(object.key), object);
    if (from === to && from >= 0 && to <= found.lengthBytes) return new Uint8Array(0);
    throw outOfBounds(this.#name(object.key), from, to, `${found.lengthBytes} bytes`);
  }

  #object({ key, version }: VaultRef): { Bucket: string; Key: string; VersionId?: string } {
    assertObjectKey(key, this.place);
    return {
      Bucket: this.#bucket,
      Key: this.#prefix + key,
      ...(version !== undefined && { VersionId: version }),
    };
  }

  #name(key: string): string {
    return `${this.place}/${key}`;
  }
}

async function digestOf(path: string): Promise<Digest> {
  const md5 = createHash("md5");
  const sha256 = createHash("sha256");
  let lengthBytes = 0;
  try {
    const { size } = await stat(path);
    if (size > OBJECT_LENGTH_BYTES_MAX) {
      throw new MalformedError("object_too_long", `${path} has ${size} bytes; S3 takes 5 GiB at once`);
    }
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      md5.update(chunk);
      sha256.update(chunk);
      lengthBytes += chunk.length;
    }
  } catch (cause) {
    throw cause instanceof MalformedError ? cause : storageError(cause, path);
  }
  return { lengthBytes, md5: md5.digest(), sha256: sha256.digest() };
}

/** The store checked the MD5 as it took the object. Where the ETag is one, it is compared once more. */
function holds(head: HeadObjectCommandOutput, { lengthBytes, md5 }: Digest): boolean {
  const etag = head.ETag?.replaceAll('"', "") ?? "";
  const isMd5 = /^[0-9a-f]{32}$/.test(etag) && head.ServerSideEncryption !== "aws:kms";
  return head.ContentLength === lengthBytes && (!isMd5 || etag === md5.toString("hex"));
}

function vaultObject(key: string, head: HeadObjectCommandOutput): VaultObject {
  return {
    key,
    lengthBytes: head.ContentLength ?? 0,
    ...versioned(head.VersionId),
    ...(head.ObjectLockRetainUntilDate && { retainUntilMs: head.ObjectLockRetainUntilDate.getTime() }),
    ...(head.ObjectLockMode && {
      lock: head.ObjectLockMode === "GOVERNANCE" ? ("governance" as const) : ("compliance" as const),
    }),
  };
}

/** A bucket without versions says "null", or nothing. */
function versioned(version: string | undefined): { readonly version?: string } {
  return version === undefined || version === "null" ? {} : { version };
}

function unknownKey(name: string, { version }: VaultRef): MalformedError {
  const what = version === undefined ? name : `version ${version} of ${name}`;
  return new MalformedError("vault_key_unknown", `The vault has no ${what}`);
}

function outOfBounds(name: string, from: number, to: number, has?: string): MalformedError {
  const told = has === undefined ? "" : `: it has ${has}`;
  return new MalformedError("range_out_of_bounds", `${name} does not have bytes [${from}, ${to})${told}`);
}
