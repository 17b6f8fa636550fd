import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CEPH_CREDENTIALS } from "../../tools/cluster/ceph-cluster.ts";

/** The ETag of each object below a prefix, which for small objects is the MD5 of its bytes, by what follows the prefix. */
export async function listBucket(
  endpoint: string,
  bucket: string,
  prefix: string,
): Promise<Map<string, string>> {
  const client = new S3Client({
    endpoint,
    credentials: CEPH_CREDENTIALS,
    region: "us-east-1",
    forcePathStyle: true,
  });
  try {
    const found = new Map<string, string>();
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        { requestTimeout: 20_000 },
      );
      for (const { Key, ETag } of page.Contents ?? []) found.set(Key!.slice(prefix.length), ETag!);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  } finally {
    client.destroy();
  }
}
