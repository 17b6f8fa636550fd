import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";

export interface BucketOptions {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Without versions: Ceph honours conditional writes only there. */
  readonly plain: readonly string[];
  /** With Object Lock, and so with versions. */
  readonly locked: readonly string[];
}

/** Makes the buckets; leaves alone those that are there and one's own. */
export async function createBuckets({ endpoint, credentials, plain, locked }: BucketOptions): Promise<void> {
  const client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
  try {
    const create = async (bucket: string, lock: boolean) => {
      const command = new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: lock });
      try {
        await client.send(command, { requestTimeout: 20_000 });
      } catch (error) {
        if (!(error instanceof Error && error.name === "BucketAlreadyOwnedByYou")) throw error;
      }
    };
    for (const bucket of plain) await create(bucket, false);
    for (const bucket of locked) await create(bucket, true);
  } finally {
    client.destroy();
  }
}
