import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy, type Policy } from "@stele/proof";
import { startWitness, WitnessKey, type RunningWitness } from "../../witness/index.ts";

/** Real witnesses in this process, which can be stopped and started again where they were. */
export class TestWitnesses {
  readonly #directory: string;
  readonly #vkeys: readonly string[];
  readonly #ports: number[] = [];
  readonly #running: (RunningWitness | undefined)[] = [];
  readonly #logKeys: readonly string[];

  private constructor(directory: string, vkeys: readonly string[], logKeys: readonly string[]) {
    this.#directory = directory;
    this.#vkeys = vkeys;
    this.#logKeys = logKeys;
  }

  /** As many as asked, called `w0`, `w1`, … They know the logs with these keys. */
  static async start(count: number, logKeys: readonly string[]): Promise<TestWitnesses> {
    const directory = await mkdtemp(join(tmpdir(), "stele-witnesses-"));
    const vkeys: string[] = [];
    for (let i = 0; i < count; i++) {
      vkeys.push((await WitnessKey.create(join(directory, `key-${i}`), `witness.example/${i}`)).vkey);
    }
    const witnesses = new TestWitnesses(directory, vkeys, logKeys);
    for (let i = 0; i < count; i++) await witnesses.#start(i, { init: true, port: 0 });
    return witnesses;
  }

  /** With a quorum of `threshold` of all of them. `head`: lines before. */
  policy(threshold: number | "none", head = ""): Policy {
    return parsePolicy(Buffer.from(this.policyText(threshold, head)));
  }

  policyText(threshold: number | "none", head = ""): string {
    const lines = this.#vkeys.map((vkey, i) => `witness w${i} ${vkey} http://127.0.0.1:${this.#ports[i]}/\n`);
    const names = this.#vkeys.map((_, i) => `w${i}`).join(" ");
    const quorum = threshold === "none" ? "quorum none\n" : `group all ${threshold} ${names}\nquorum all\n`;
    return `${head}${lines.join("")}${quorum}`;
  }

  async stop(i: number): Promise<void> {
    await this.#running[i]?.close();
    this.#running[i] = undefined;
  }

  /** Again, on the port that it had. */
  async restart(i: number): Promise<void> {
    await this.#start(i, { port: this.#ports[i]! });
  }

  async close(): Promise<void> {
    for (const i of this.#running.keys()) await this.stop(i);
    await rm(this.#directory, { recursive: true });
  }

  async #start(i: number, options: { readonly init?: boolean; readonly port: number }): Promise<void> {
    const running = await startWitness({
      keyPath: join(this.#directory, `key-${i}`),
      stateDirectory: join(this.#directory, `state-${i}`),
      logKeys: this.#logKeys,
      requestsPerSecond: 1_000_000,
      ...options,
    });
    this.#running[i] = running;
    this.#ports[i] = Number(new URL(running.url).port);
  }
}
