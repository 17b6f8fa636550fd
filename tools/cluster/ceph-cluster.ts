import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { cephConfig, gatewayName, monitorAddresses, type CephLayout } from "./ceph-config.ts";
import { Daemon } from "./daemon.ts";
import { missingRequirement } from "./requirements.ts";

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 60_000;
const LAYOUT_FILE = "layout.json";

export interface CephOptions {
  /** Emptied if an earlier cluster used it; refused if it holds anything else. */
  readonly directory: string;
  readonly monitorPort?: number;
  readonly gatewayPorts?: readonly number[];
  readonly osds?: number;
}

/** Of the one user that the gateways know. */
export const CEPH_CREDENTIALS = { accessKeyId: "stele", secretAccessKey: "stelesecret" } as const;

/**
 * A real, replicated S3 on one machine: a monitor, a manager, OSDs with a copy each, and RADOS gateways. The daemons
 * are found through files in the directory, so that one process may start the cluster and another one break it.
 */
export class CephCluster {
  readonly #layout: CephLayout;

  private constructor(layout: CephLayout) {
    this.#layout = layout;
  }

  /**
   * Up in about 30 s. Whatever runs in the directory is stopped first.
   *
   * @throws Error if packages or rights are missing, or the directory holds something else
   */
  static async start(options: CephOptions): Promise<CephCluster> {
    const missing = await missingRequirement();
    if (missing !== undefined) throw new Error(`No Ceph cluster can be started: ${missing}`);
    const directory = resolve(options.directory);
    const old = await CephCluster.open(directory).catch(() => undefined);
    await old?.stop();
    await mkdir(directory, { recursive: true });
    if (!old && (await readdir(directory)).length > 0) {
      throw new Error(`${directory} is neither empty nor a cluster's: choose another directory`);
    }
    const { monitorPort = 40_000, gatewayPorts = [7480, 7481], osds = 3 } = options;
    const cluster = new CephCluster({ directory, monitorPort, gatewayPorts, osds, fsid: randomUUID() });
    try {
      await cluster.#create();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** The cluster that was started in this directory. @throws Error if there is none */
  static async open(directory: string): Promise<CephCluster> {
    const text = await readFile(join(resolve(directory), LAYOUT_FILE), "utf8");
    return new CephCluster(JSON.parse(text) as CephLayout);
  }

  get directory(): string {
    return this.#layout.directory;
  }

  get endpoints(): readonly string[] {
    return this.#layout.gatewayPorts.map((port) => `http://127.0.0.1:${port}`);
  }

  get osds(): number {
    return this.#layout.osds;
  }

  /** As a power cut does. */
  async killOsd(id: number): Promise<void> {
    await this.#osd(id).kill();
  }

  async startOsd(id: number): Promise<void> {
    await this.#run("ceph-osd", ["-i", String(id)]);
  }

  /** It keeps its connections and answers nothing. */
  async freezeOsd(id: number): Promise<void> {
    await this.#osd(id).signal("SIGSTOP");
  }

  async thawOsd(id: number): Promise<void> {
    await this.#osd(id).signal("SIGCONT");
  }

  async killGateway(number: number): Promise<void> {
    await this.#gateway(number).kill();
  }

  async startGateway(number: number): Promise<void> {
    const name = gatewayName(number);
    const { directory, gatewayPorts } = this.#layout;
    await this.#run("radosgw", [
      `--name=client.rgw.${name}`,
      `--rgw-data=${join(directory, `rgw.${name}`)}`,
      // Without tcp_nodelay the body of each small answer waits 40 ms for the other side's delayed ACK of its head.
      `--rgw-frontends=beast endpoint=127.0.0.1:${gatewayPorts[number]} tcp_nodelay=1`,
    ]);
    await until(`gateway ${name} answers`, async () => (await fetch(this.endpoints[number]!)).ok);
  }

  /** Output of `ceph`, such as of `ceph status`. */
  async ceph(...parameters: string[]): Promise<string> {
    return await this.#run("ceph", parameters);
  }

  /** Waits until every OSD is up and every placement group has all of its copies. */
  async waitUntilHealthy(timeoutMs = 120_000): Promise<void> {
    await until(
      "all OSDs are up and all placement groups are active and clean",
      async () => {
        const { osdmap, pgmap } = JSON.parse(await this.ceph("status", "--format", "json")) as CephStatus;
        const clean = pgmap.pgs_by_state.find((state) => state.state_name === "active+clean")?.count;
        return osdmap.num_up_osds === this.osds && clean === pgmap.num_pgs;
      },
      timeoutMs,
    );
  }

  /** Kills everything. The directory stays, and can't be started again: the next start makes a new cluster. */
  async stop(): Promise<void> {
    const { directory } = this.#layout;
    const pidFiles = (await readdir(directory)).filter((name) => name.endsWith(".pid"));
    await Promise.all(pidFiles.map((name) => new Daemon(join(directory, name), directory).kill()));
  }

  async #create(): Promise<void> {
    const { directory, gatewayPorts, osds } = this.#layout;
    await rm(directory, { recursive: true });
    const gateways = gatewayPorts.map((_, number) => gatewayName(number));
    for (const name of ["mon.a", "mgr.x", ...gateways.map((gateway) => `rgw.${gateway}`)]) {
      await mkdir(join(directory, name), { recursive: true });
    }
    await writeFile(join(directory, LAYOUT_FILE), JSON.stringify(this.#layout));
    await writeFile(this.#configFile, cephConfig(this.#layout));
    await this.#createKeys(gateways);
    await this.#startMonitor();
    await this.#run("ceph-mgr", ["-i", "x"]);
    for (let id = 0; id < osds; id++) await this.#createOsd(id);
    // The first one makes the pools.
    for (const number of gatewayPorts.keys()) await this.startGateway(number);
    const { accessKeyId, secretAccessKey } = CEPH_CREDENTIALS;
    await this.#run("radosgw-admin", [
      "user",
      "create",
      "--uid=stele",
      "--display-name=stele",
      `--access-key=${accessKeyId}`,
      `--secret-key=${secretAccessKey}`,
    ]);
  }

  async #createKeys(gateways: readonly string[]): Promise<void> {
    const keyring = join(this.directory, "keyring");
    const key = (name: string, caps: Readonly<Record<string, string>>) =>
      this.#run("ceph-authtool", [
        keyring,
        "--gen-key",
        `--name=${name}`,
        ...Object.entries(caps).flatMap(([service, cap]) => ["--cap", service, cap]),
      ]);
    await this.#run("ceph-authtool", ["--create-keyring", keyring]);
    await key("mon.", { mon: "allow *" });
    await key("client.admin", { mon: "allow *", osd: "allow *", mgr: "allow *" });
    await key("mgr.x", { mon: "allow profile mgr", osd: "allow *" });
    for (const gateway of gateways) await key(`client.rgw.${gateway}`, { mon: "allow rw", osd: "allow rwx" });
    for (let id = 0; id < this.osds; id++) {
      await key(`osd.${id}`, { mon: "allow profile osd", osd: "allow *", mgr: "allow profile osd" });
    }
  }

  async #startMonitor(): Promise<void> {
    const { directory, monitorPort, fsid } = this.#layout;
    const map = join(directory, "monmap");
    await this.#run("monmaptool", [
      "--create",
      "--addv",
      "a",
      monitorAddresses(monitorPort),
      "--fsid",
      fsid,
      map,
    ]);
    await this.#run("ceph-mon", [
      "--mkfs",
      "-i",
      "a",
      "--monmap",
      map,
      "--keyring",
      join(directory, "keyring"),
    ]);
    await this.#run("ceph-mon", ["-i", "a"]);
  }

  async #createOsd(id: number): Promise<void> {
    const uuid = randomUUID();
    await mkdir(join(this.directory, `osd.${id}`));
    await this.ceph("osd", "new", uuid, String(id));
    await this.#run("ceph-osd", ["-i", String(id), "--mkfs", "--osd-uuid", uuid]);
    await this.startOsd(id);
  }

  #osd(id: number): Daemon {
    return new Daemon(join(this.directory, `osd.${id}.pid`), this.directory);
  }

  #gateway(number: number): Daemon {
    return new Daemon(join(this.directory, `client.rgw.${gatewayName(number)}.pid`), this.directory);
  }

  get #configFile(): string {
    return join(this.#layout.directory, "ceph.conf");
  }

  /** Every command names the directory, by its configuration file: `Daemon` knows its own by that. */
  async #run(program: string, parameters: readonly string[]): Promise<string> {
    const config = program === "monmaptool" || program === "ceph-authtool" ? [] : ["-c", this.#configFile];
    const { stdout } = await run(program, [...config, ...parameters], {
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: "SIGKILL",
      maxBuffer: 16 << 20,
    });
    return stdout;
  }
}

interface CephStatus {
  readonly osdmap: { readonly num_up_osds: number };
  readonly pgmap: {
    readonly num_pgs: number;
    readonly pgs_by_state: readonly { readonly state_name: string; readonly count: number }[];
  };
}

async function until(
  what: string,
  isSo: () => Promise<boolean>,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      if (await isSo()) return;
    } catch (error) {
      cause = error; // Not yet; told if it stays so.
    }
    await sleep(200);
  }
  throw new Error(`After ${timeoutMs} ms it is not so that ${what}`, { cause });
}
