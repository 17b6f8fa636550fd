import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBuckets } from "../../tools/cluster/buckets.ts";
import { CEPH_CREDENTIALS, CephCluster } from "../../tools/cluster/ceph-cluster.ts";
import { missingRequirement } from "../../tools/cluster/requirements.ts";

/** Not the ports of `npm run cluster`, so that both can run. */
const MONITOR_PORT = 40_200;
const GATEWAY_PORTS = [7580, 7581];
/** Always the same: a run that was killed leaves its daemons behind, and the next one stops them. */
const DIRECTORY = join(tmpdir(), "stele-test-ceph");

/** Starts Ceph once for all files; the tests find it by what the environment says. Without Ceph they are skipped. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  const missing = await missingRequirement();
  if (missing !== undefined) {
    console.warn(`The tests of the cluster are skipped: ${missing}`);
    return undefined;
  }
  const ceph = await CephCluster.start({
    directory: DIRECTORY,
    monitorPort: MONITOR_PORT,
    gatewayPorts: GATEWAY_PORTS,
  });
  const tearDown = async () => {
    await ceph.stop();
    await rm(DIRECTORY, { recursive: true });
  };
  try {
    await ceph.waitUntilHealthy();
    await createBuckets({
      endpoint: ceph.endpoints[0]!,
      credentials: CEPH_CREDENTIALS,
      plain: ["journal", "mirror"],
      locked: ["vault", "mirror-vault"],
    });
  } catch (error) {
    await tearDown();
    throw error;
  }
  process.env["STELE_TEST_CEPH"] = DIRECTORY;
  process.env["STELE_TEST_S3_ENDPOINT"] = ceph.endpoints.join(",");
  process.env["AWS_ACCESS_KEY_ID"] = CEPH_CREDENTIALS.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = CEPH_CREDENTIALS.secretAccessKey;
  return tearDown;
}
