import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

const PACKAGES: Readonly<Record<string, string>> = {
  "ceph-mon": "ceph-mon",
  "ceph-mgr": "ceph-mgr",
  "ceph-osd": "ceph-osd",
  radosgw: "radosgw",
  "radosgw-admin": "radosgw",
  ceph: "ceph-common",
  "ceph-authtool": "ceph-common",
  monmaptool: "ceph-common",
  haproxy: "haproxy",
};

/** Why no cluster can run on this machine, and what to do about it; undefined if it can. */
export async function missingRequirement(): Promise<string | undefined> {
  if (process.platform !== "linux") return "Ceph's daemons run on Linux only";
  const packages = new Set<string>();
  for (const [program, name] of Object.entries(PACKAGES)) {
    if (!(await isInPath(program))) packages.add(name);
  }
  if (packages.size > 0) {
    return `programs are missing: apt-get install --no-install-recommends ${[...packages].join(" ")}`;
  }
  if (process.getuid?.() !== 0) return "Ceph's daemons are started as root: use sudo";
  return undefined;
}

async function isInPath(program: string): Promise<boolean> {
  // Debian keeps HAProxy in /usr/sbin, which is not in everybody's PATH.
  for (const directory of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]) {
    try {
      await access(join(directory, program), constants.X_OK);
      return true;
    } catch {
      // not in this directory
    }
  }
  return false;
}
