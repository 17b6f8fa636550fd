import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBuckets } from "../../tools/cluster/buckets.ts";
import { CEPH_CREDENTIALS, CephCluster } from "../../tools/cluster/ceph-cluster.ts";
import { freePorts } from "../../tools/cluster/free-ports.ts";
import { missingRequirement } from "../../tools/cluster/requirements.ts";

/** Behind it stands the id of the process whose run it is. */
const DIRECTORY_PREFIX = "stele-test-ceph-";
const DIRECTORY = join(tmpdir(), `${DIRECTORY_PREFIX}${process.pid}`);

/** Starts Ceph once for all files; the tests find it by what the environment says. Without Ceph they are skipped. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  const missing = await missingRequirement();
  if (missing !== undefined) {
    console.warn(`The tests of the cluster are skipped: ${missing}`);
    return undefined;
  }
  await stopAbandoned();
  const port = await freePorts(4);
  const ceph = await CephCluster.start({
    directory: DIRECTORY,
    monitorPort: port,
    gatewayPorts: [port + 2, port + 3],
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

/** A run that was killed leaves its daemons behind. */
async function stopAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(DIRECTORY_PREFIX) || isAlive(Number(name.slice(DIRECTORY_PREFIX.length)))) continue;
    const directory = join(tmpdir(), name);
    const ceph = await CephCluster.open(directory).catch(() => undefined);
    await ceph?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // There is none.
  }
}
