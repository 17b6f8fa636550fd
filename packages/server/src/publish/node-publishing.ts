import type { Clock } from "../log/clock.ts";
import type { LogIdentity } from "../log/log-identity.ts";
import type { LogReport } from "../log/log-report.ts";
import type { StoredLog } from "../log/stored-log.ts";
import type { Alarms } from "../ops/alarms.ts";
import { PolicyFollower } from "./policy-follower.ts";
import { Publisher, type PublishableLog } from "./publisher.ts";
import { coversLog, policyKept, withoutPolicy, type PublishingOptions } from "./witness-policy.ts";

export interface NodePublishingOptions {
  readonly publishing: PublishingOptions;
  /** Those that are open. */
  readonly logs: () => readonly StoredLog[];
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/** Has the logs of a node published under one witness policy, which may change while the node runs. */
export class NodePublishing {
  readonly #options: NodePublishingOptions;
  /** With the policy as it is now. */
  #publishing: PublishingOptions;
  readonly #follower: PolicyFollower | undefined;

  constructor(options: NodePublishingOptions) {
    const { publishing, alarms, clock } = options;
    const { policy, policyPath } = publishing;
    this.#options = options;
    this.#publishing = publishing;
    if (policyPath === undefined) return;
    this.#follower = new PolicyFollower({
      path: policyPath,
      policy,
      onChange: (changed) => this.#change({ ...publishing, policy: changed }),
      alarms,
      clock,
    });
  }

  /** Begins to follow the policy. */
  start(): void {
    this.#follower?.start();
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }

  /**
   * Makes the publisher of a log; none, and an alarm, if the policy is not for the log.
   *
   * @param path where it keeps what it published
   */
  async open(
    log: PublishableLog,
    { vkey, keys }: LogIdentity,
    path: string,
    report: (event: LogReport) => void,
  ): Promise<Publisher | undefined> {
    const { alarms, clock } = this.#options;
    const uncovered = withoutPolicy(log.name, vkey);
    if (!coversLog(this.#publishing.policy, keys)) {
      alarms.raise(uncovered);
      return undefined;
    }
    alarms.clear(uncovered);
    return await Publisher.open({
      ...this.#publishing,
      log,
      keys,
      path,
      alarms,
      clock,
      onFailure: (error) => report({ kind: "failed", what: "publishing the log", error }),
    });
  }

  /**
   * Gives a log the policy as it is now. Logs that had none when they were opened get none: an alarm says so.
   *
   * @throws MalformedError `policy_unusable`
   */
  apply(log: StoredLog): void {
    const { alarms } = this.#options;
    const { policy } = this.#publishing;
    const present = log.policy();
    if (!present || present === policy) return;
    const kept = policyKept(log.name, log.vkey);
    if (coversLog(policy, log.keys())) {
      log.changePolicy(policy);
      alarms.clear(kept);
    } else alarms.raise(kept);
  }

  /** @throws MalformedError `policy_unusable`, by the first log: then nothing is changed */
  #change(publishing: PublishingOptions): void {
    const before = this.#publishing;
    this.#publishing = publishing;
    try {
      for (const log of this.#options.logs()) this.apply(log);
    } catch (error) {
      this.#publishing = before;
      throw error;
    }
  }
}
