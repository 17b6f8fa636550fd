import { afterAll, beforeAll } from "vitest";
import { S3Gateways } from "../../packages/server/src/store/s3/s3-gateways.ts";
import { S3Objects } from "../../packages/server/src/store/s3/s3-objects.ts";
import { objectStoreContract } from "../../packages/server/src/store/testing/object-store-contract.ts";
import {
  makeBucket,
  removeBucket,
  testEndpoints,
  testS3Client,
  testS3Missing,
} from "../../packages/server/src/store/testing/test-s3.ts";

let bucket: string;
let rounds = 0;

beforeAll(async () => {
  if (!testS3Missing) bucket = await makeBucket(testS3Client());
});

afterAll(async () => {
  if (!testS3Missing) await removeBucket(testS3Client(), bucket);
});

objectStoreContract(
  "S3",
  async () => {
    const prefix = `round/${rounds++}/`;
    const [one, two] = [testEndpoints, testEndpoints.toReversed()].map((endpoints) =>
      S3Gateways.open({ endpoints, timeoutMs: 20_000 }),
    ) as [S3Gateways, S3Gateways];
    return await Promise.resolve({
      store: new S3Objects({ gateways: one, bucket, prefix }),
      other: new S3Objects({ gateways: two, bucket, prefix }),
      remove: async () => {
        one.close();
        two.close();
        await Promise.resolve();
      },
    });
  },
  testS3Missing,
);
