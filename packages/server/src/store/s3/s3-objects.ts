import { addAbortSignal, type Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { MalformedError, UnavailableError } from "@stele/proof";
import { assertObjectKey } from "../object-key.ts";
import type { ObjectInfo, ObjectStore } from "../object-store.ts";
import { S3Failure, throwGetFailure } from "./s3-failure.ts";
import type { S3Attempt, S3Gateways } from "./s3-gateways.ts";

/** What S3 takes in one request. */
const DELETE_KEYS_MAX = 1_000;
/** No object of the journal comes near: whoever put one there wants to see the node run out of memory. */
const OBJECT_LENGTH_BYTES_MAX = 256 * 2 ** 20;

export interface S3Place {
  readonly gateways: S3Gateways;
  readonly bucket: string;
  /** What all keys begin with in the bucket: empty, or ending in a slash. */
  readonly prefix: string;
}

/** Objects below a prefix of an S3 bucket. Create-if-absent is a PUT with `If-None-Match: *`. */
export class S3Objects implements ObjectStore {
  readonly place: string;
  readonly #gateways: S3Gateways;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ gateways, bucket, prefix }: S3Place) {
    this.place = `s3://${bucket}/${prefix}`.replace(/\/$/, "");
    this.#gateways = gateways;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async create(key: string, pieces: readonly Uint8Array[]): Promise<"created" | "exists"> {
    const object = this.#object(key);
    const body = Buffer.concat(pieces);
    return await this.#ask<"created", "exists">(
      key,
      body.length,
      async ({ client, abortSignal }) => {
        const put = new PutObjectCommand({ ...object, Body: body, IfNoneMatch: "*" });
        const { ETag } = await client.send(put, { abortSignal });
        // A status of 200 is not enough: some engines put an error behind it.
        if (ETag === undefined) throw new S3Failure("lost", "an answer without ETag");
        return "created";
      },
      { exists: () => "exists" },
    );
  }

  async get(key: string): Promise<Buffer | undefined> {
    const object = this.#object(key);
    return await this.#ask(
      key,
      0,
      async (attempt) => {
        const get = new GetObjectCommand(object);
        const { Body, ContentLength } = await attempt.client
          .send(get, { abortSignal: attempt.abortSignal })
          .catch(throwGetFailure);
        return await readBody(Body as Readable, ContentLength, attempt, `${this.place}/${key}`);
      },
      { absent: () => undefined },
    );
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    // Not by continuation tokens: those of one gateway need not be good at another.
    let last = after;
    for (let more = true; more;) {
      const list = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: this.#prefix + prefix,
        ...(last !== "" && { StartAfter: this.#prefix + last }),
      });
      const { Contents = [], IsTruncated } = await this.#ask(prefix, 0, ({ client, abortSignal }) =>
        client.send(list, { abortSignal }),
      );
      const before = last;
      for (const { Key, Size } of Contents) {
        if (Key === undefined || Size === undefined || !Key.startsWith(this.#prefix)) continue;
        last = Key.slice(this.#prefix.length);
        yield { key: last, lengthBytes: Size };
      }
      more = IsTruncated === true && last !== before;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertObjectKey(key, this.place);
    for (let at = 0; at < keys.length; at += DELETE_KEYS_MAX) {
      const part = keys.slice(at, at + DELETE_KEYS_MAX);
      const remove = new DeleteObjectsCommand({
        Bucket: this.#bucket,
        Delete: { Quiet: true, Objects: part.map((key) => ({ Key: this.#prefix + key })) },
      });
      await this.#ask(part[0]!, 0, async ({ client, abortSignal }) => {
        const { Errors = [] } = await client.send(remove, { abortSignal });
        const error = Errors.find(({ Code }) => Code !== "NoSuchKey");
        if (error) throw refusal(error.Code, `${error.Code}: ${error.Key}`);
      });
    }
  }

  #object(key: string): { readonly Bucket: string; readonly Key: string } {
    assertObjectKey(key, this.place);
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  /** Calls S3; what it says of the object is answered by one of the `answers`. */
  async #ask<T, A = never>(
    key: string,
    lengthBytes: number,
    work: (attempt: S3Attempt) => Promise<T>,
    answers: Readonly<Partial<Record<string, () => A>>> = {},
  ): Promise<T | A> {
    try {
      return await this.#gateways.call(`${this.place}/${key}`, lengthBytes, work);
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      const answer = answers[error.kind];
      if (answer) return answer();
      // A balancer's own 404, say: whoever asks knows only of stores that are out.
      throw new UnavailableError(
        "store_unavailable",
        `${this.place}/${key}: the answer does not belong to what was asked: ${error.reason}`,
        { cause: error },
      );
    }
  }
}

/** The whole of an answer's body. @throws MalformedError `object_too_long` */
export async function readBody(
  body: Readable,
  lengthBytes: number | undefined,
  { abortSignal, extend }: S3Attempt,
  place: string,
): Promise<Buffer> {
  if (lengthBytes === undefined || lengthBytes > OBJECT_LENGTH_BYTES_MAX) {
    body.destroy();
    throw new MalformedError("object_too_long", `${place} has ${lengthBytes} bytes: that is not of ours`);
  }
  extend(lengthBytes);
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of addAbortSignal(abortSignal, body) as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read > lengthBytes) break;
    chunks.push(chunk);
  }
  if (read !== lengthBytes) throw new S3Failure("lost", `${read} bytes of ${lengthBytes}`);
  return Buffer.concat(chunks, read);
}

function refusal(code: string | undefined, message: string): S3Failure {
  return new S3Failure(code === "AccessDenied" ? "denied" : "busy", message);
}
