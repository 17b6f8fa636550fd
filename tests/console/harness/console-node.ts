import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RefusedError, SteleClient } from "@stele/client";
import { readLogFile, logDirectory, tokensPath } from "@stele/server";
import { createToken, revokeToken, type Role } from "@stele/server/access";
import { startServe, type SteleProcess } from "../../../packages/cli/src/testing/stele-process.ts";
import { TestWitnesses } from "../../../packages/server/src/publish/testing/witnesses.ts";
import { copyOfFilledDirectory, SEGMENT_ENTRIES } from "./filled-directory.ts";

export interface ConsoleNodeOptions {
  /** So many real witnesses, all of whom must cosign: `node.witnesses`. None unless told. */
  readonly witnesses?: number;
  /** Further options of `stele serve`. */
  readonly serve?: readonly string[];
}

/**
 * A real node in a process of its own that serves the console, on a copy of the filled data directory: the log `main` has
 * `FILLED_EVENTS` events, the log `empty` none. It needs tokens from the first {@link ConsoleNode.token} on.
 */
export class ConsoleNode {
  readonly data: string;
  readonly witnesses: TestWitnesses | undefined;
  readonly #serve: readonly string[];
  #process: SteleProcess | undefined;
  #url = "";

  private constructor(
    data: string,
    witnesses: TestWitnesses | undefined,
    { serve = [] }: ConsoleNodeOptions,
    policyPath: string,
  ) {
    this.data = data;
    this.witnesses = witnesses;
    this.#serve = [
      "--segment-entries",
      String(SEGMENT_ENTRIES),
      ...(witnesses ? ["--policy", policyPath, "--publish-interval", "100ms"] : []),
      ...serve,
    ];
  }

  static async start(options: ConsoleNodeOptions = {}): Promise<ConsoleNode> {
    const data = await mkdtemp(join(tmpdir(), "stele-console-"));
    await copyOfFilledDirectory(data);
    const policyPath = join(data, "policy");
    const witnesses = options.witnesses
      ? await startWitnesses(data, options.witnesses, policyPath)
      : undefined;
    const node = new ConsoleNode(data, witnesses, options, policyPath);
    await node.#start("0");
    return node;
  }

  /** `http://127.0.0.1:PORT`, the same after a restart. */
  get url(): string {
    return this.#url;
  }

  client(log = "main", token?: string): SteleClient {
    return new SteleClient({ endpoints: [this.#url], log, ...(token !== undefined && { token }) });
  }

  /** Makes an access token. When it returns the node takes it, and lets nobody in without one. */
  async token(name: string, role: Role, expiresAt?: Date): Promise<string> {
    const made = { name, role, createdAt: new Date(), expiresAt, randomBytes };
    const { token } = await createToken(tokensPath(this.data), made);
    while (!(await this.#knows(token))) await sleep(50);
    return token;
  }

  /** The node refuses it within a second. */
  async revoke(name: string): Promise<void> {
    await revokeToken(tokensPath(this.data), name);
  }

  async #knows(token: string): Promise<boolean> {
    try {
      return (await this.client("main", token).session()).token !== undefined;
    } catch (error) {
      if (error instanceof RefusedError && error.code === "token_unknown") return false;
      throw error;
    }
  }

  /** As a power cut does: nothing is finished. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Again, after {@link kill}: on the same port and the same data. */
  async restart(): Promise<void> {
    await this.#start(new URL(this.#url).port);
  }

  /** Stops everything and removes the data. */
  async close(): Promise<void> {
    await this.#end("SIGTERM");
    await this.witnesses?.close();
    await rm(this.data, { recursive: true, force: true });
  }

  async #start(port: string): Promise<void> {
    const started = await startServe(this.data, ["--port", port, ...this.#serve]);
    this.#process = started.process;
    this.#url = started.url;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    await running?.stop(signal);
  }
}

async function startWitnesses(data: string, count: number, policyPath: string): Promise<TestWitnesses> {
  const { vkey } = await readLogFile(logDirectory(data, "main"));
  const { vkey: empty } = await readLogFile(logDirectory(data, "empty"));
  const witnesses = await TestWitnesses.start(count, [vkey, empty]);
  await writeFile(policyPath, witnesses.policyText(count, `log ${vkey}\nlog ${empty}\n`));
  return witnesses;
}
