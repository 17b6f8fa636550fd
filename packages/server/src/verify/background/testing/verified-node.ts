import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UnavailableError } from "@stele/proof";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredLog } from "../../../log/stored-log.ts";
import { LogSecret } from "../../../log/signer/log-secret.ts";
import { openKeySource } from "../../../log/signer/open-key-source.ts";
import { SteleNode } from "../../../node.ts";
import type { NodeOptions } from "../../../node-options.ts";
import { openMirrors, openSharedHome } from "../../../open-stores.ts";
import type { Finding } from "../finding.ts";

export const SEGMENT_ENTRIES = 1024;

/** A node on a directory of its own, or on a store with a mirror, with entries in segments and in the journal. */
export class VerifiedNode {
  readonly root: string;
  readonly kind: "directory" | "shared";
  #node: SteleNode | undefined;

  private constructor(root: string, kind: "directory" | "shared") {
    this.root = root;
    this.kind = kind;
  }

  /** With `entries` entries: as many as make whole segments are sealed, and mirrored. */
  static async create(kind: "directory" | "shared", entries = 2500): Promise<VerifiedNode> {
    const root = await mkdtemp(join(tmpdir(), "stele-verified-"));
    const made = new VerifiedNode(root, kind);
    if (kind === "shared") await LogSecret.create(join(root, "secret"));
    await made.start();
    await made.append(0, entries);
    return made;
  }

  get log(): StoredLog {
    return this.#node!.log("main")!;
  }

  get node(): SteleNode {
    return this.#node!;
  }

  /** Where the primary has the log. */
  get primary(): string {
    return this.kind === "directory"
      ? join(this.root, "data", "logs", "main")
      : join(this.root, "store", "logs", "main");
  }

  get mirror(): string {
    return join(this.root, "mirror", "logs", "main");
  }

  /** What keeps the memory of the verifier. */
  get memory(): string {
    return join(this.root, "memory");
  }

  async start(options: Partial<NodeOptions> = {}): Promise<void> {
    const dataDir = join(this.root, "data");
    const common = {
      dataDir,
      segmentEntries: SEGMENT_ENTRIES,
      verifierDirectory: this.memory,
      ...options,
    };
    if (this.kind === "directory") {
      this.#node = await SteleNode.open(common);
      return;
    }
    const url = (name: string): string => pathToFileURL(join(this.root, name)).href;
    await mkdir(dataDir, { recursive: true });
    const mirrors = await openMirrors({ urls: [url("mirror")] }, {});
    const shared = { journal: url("store") };
    const keys = [await openKeySource(join(this.root, "secret"))];
    const { home, probed } = await openSharedHome(dataDir, shared, keys, mirrors.stores, () => undefined);
    await probed;
    this.#node = await SteleNode.open({ ...common, home, mirrors });
  }

  async stop(): Promise<void> {
    await this.#node?.close();
    this.#node = undefined;
  }

  async append(from: number, count: number): Promise<void> {
    for (let at = from; at < from + count; at += 100) {
      const lines = Array.from({ length: Math.min(100, from + count - at) }, (_, i) =>
        JSON.stringify({
          id: `e-${at + i}`,
          action: "a.b",
          actor: { id: `u-${(at + i) % 7}` },
          tenant: "t-1",
        }),
      );
      const body = new Uint8Array(Buffer.from(lines.join("\n")));
      await this.#appendBody(body);
    }
    const { log } = this;
    const isSettled = (): boolean => {
      const { treeSize, sealedSize, mirrors } = log.status();
      return treeSize - sealedSize < SEGMENT_ENTRIES && mirrors.every(({ lagEntries }) => lagEntries === 0);
    };
    while (!isSettled()) await sleep(20);
    if (this.kind === "shared") {
      while ((await this.files(this.mirror, "segments")).length < log.status().segments) await sleep(20);
    }
    await log.search.waitFor(log.head().treeSize, 10_000);
  }

  /** A node that has just started may not know all ids yet. */
  async #appendBody(body: Uint8Array): Promise<void> {
    for (;;) {
      try {
        await this.log.append(body.slice(), { type: "ndjson", encoding: "identity" });
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.code !== "log_opening") throw error;
        await sleep(50);
      }
    }
  }

  async verify(): Promise<readonly Finding[]> {
    return await this.log.verification!.passNow();
  }

  /** Files below a directory, in order. */
  async files(...path: string[]): Promise<string[]> {
    const directory = join(...path);
    const names: string[] = await readdir(directory).catch(() => []); // none was put there yet
    return names.toSorted().map((name) => join(directory, name));
  }

  /** Changes the bytes of a file, which may be read-only. */
  async change(path: string, change: (bytes: Buffer) => Buffer | void): Promise<void> {
    const bytes = await readFile(path);
    const changed = change(bytes) ?? bytes;
    await rm(path);
    await writeFile(path, changed);
  }

  async copy(from: string, to: string): Promise<void> {
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Flips the lowest bit of the byte at `find(bytes)`. */
export function flip(find: (bytes: Buffer) => number): (bytes: Buffer) => void {
  return (bytes) => {
    const at = find(bytes);
    if (at < 0 || at >= bytes.length) throw new RangeError("There is nothing to flip");
    bytes[at]! ^= 1;
  };
}
