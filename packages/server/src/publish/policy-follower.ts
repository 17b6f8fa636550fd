import { readFile, stat } from "node:fs/promises";
import {
  equalBytes,
  formatPolicy,
  MalformedError,
  parsePolicy,
  POLICY_LENGTH_BYTES_MAX,
  type Policy,
} from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import type { Alarms } from "../ops/alarms.ts";
import { errorCode } from "../store/storage-error.ts";
import { checkWitnessPolicy } from "./witness-policy.ts";

export interface PolicyFollowerOptions {
  readonly path: string;
  /** What was read from it at the start. */
  readonly policy: Policy;
  /** Takes it. @throws MalformedError if it can't be used: then the one before goes on */
  readonly onChange: (policy: Policy) => void;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Follows the policy file of a running node. A change is taken once the file was the same at two looks, so not while it is
 * being written. One that can't be used is an alarm, and the policy before goes on.
 */
export class PolicyFollower {
  readonly #options: PolicyFollowerOptions;
  readonly #closing = new AbortController();
  #policy: Policy;
  /** What the file was at the last look, and when it was read. */
  #seen = "";
  #read = "";
  #running: Promise<void> | undefined;

  constructor(options: PolicyFollowerOptions) {
    this.#options = options;
    this.#policy = options.policy;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#look();
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const { path, alarms } = this.#options;
    try {
      const stats = await stat(path, { bigint: true });
      const { ino, size, mtimeNs } = stats;
      const version = `${ino} ${size} ${mtimeNs}`;
      const isSettled = version === this.#seen;
      this.#seen = version;
      if (!isSettled || version === this.#read) return;
      // Reading a pipe could take forever, and closing the node waits for it.
      if (!stats.isFile()) throw new MalformedError("policy_malformed", "it is not a regular file");
      this.#take(await readPolicyFile(path, Number(size)));
      this.#read = version;
      alarms.clear(this.#key);
    } catch (error) {
      // The same bytes would be refused again; a file that can't be read may be there the next time, and as it was.
      this.#read = error instanceof MalformedError ? this.#seen : "";
      this.#refuse(
        error instanceof MalformedError ? error.message : `it can't be read (${errorCode(error)})`,
      );
    }
  }

  #take(policy: Policy): void {
    checkWitnessPolicy(policy);
    if (equalBytes(formatPolicy(policy), formatPolicy(this.#policy))) return;
    this.#options.onChange(policy);
    this.#policy = policy;
  }

  get #key() {
    return { code: "policy_refused", subject: this.#options.path };
  }

  #refuse(why: string): void {
    this.#options.alarms.raise({
      ...this.#key,
      severity: "warning",
      message: `The policy in ${this.#options.path} is not taken: ${why}. The one before goes on until the node is started again, which it can't be with this file`,
    });
  }
}

async function readPolicyFile(path: string, lengthBytes: number): Promise<Policy> {
  if (lengthBytes > POLICY_LENGTH_BYTES_MAX)
    throw new MalformedError("policy_malformed", `it has ${lengthBytes} bytes`);
  return parsePolicy(await readFile(path));
}
