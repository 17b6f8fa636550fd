import { randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";

const ENDPOINTS = process.env["STELE_TEST_S3_ENDPOINT"];

/** The S3 that tests may use: `STELE_TEST_S3_ENDPOINT=URL[,URL]`, and the usual variables for credentials. */
export const testEndpoints: readonly URL[] = ENDPOINTS?.split(",").map((url) => new URL(url)) ?? [];

/** Why there is none. */
export const testS3Missing = ENDPOINTS === undefined ? "STELE_TEST_S3_ENDPOINT is not set" : undefined;

/** A client for what tests prepare and look at, beside the driver. */
export function testS3Client(endpoint = testEndpoints[0]!): S3Client {
  return new S3Client({
    endpoint: endpoint.href,
    forcePathStyle: true,
    region: "us-east-1",
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** Makes a bucket with a name of its own. */
export async function makeBucket(
  client: S3Client,
  options: { readonly objectLock?: boolean } = {},
): Promise<string> {
  const Bucket = `stele-test-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: options.objectLock }));
  return Bucket;
}

/** Deletes a bucket with all that is not under a lock of mode COMPLIANCE; leaves it if something is. */
export async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  let locked = false;
  for (let again = true; again;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    for (const { Key, VersionId } of versions) {
      const remove = new DeleteObjectCommand({
        Bucket: bucket,
        Key,
        VersionId,
        BypassGovernanceRetention: true,
      });
      await client.send(remove).catch(() => (locked = true));
    }
    again = page.IsTruncated === true && !locked;
  }
  if (!locked) await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}
