import type { Clock } from "../../log/clock.ts";
import type { Alarms } from "../../ops/alarms.ts";
import { Rate } from "../../ops/rate.ts";
import type { ImplausibleTimes } from "../time-audit.ts";
import { sameFinding, type Finding } from "./finding.ts";
import type { KeptFinding, Look, VerifierState } from "./verifier-state.ts";

/** Whoever cut up a whole log is told of so many places, and of how many there are. All are in the state. */
const ALARMS_MAX = 20;

/** What the verifier of one log found, and how much it has read. */
export class VerificationLog {
  readonly state: VerifierState;
  readonly #log: string;
  readonly #alarms: Alarms;
  readonly #clock: Clock;
  readonly #entries: Rate;
  #raised = 0;
  bytes = 0;

  constructor(log: string, state: VerifierState, alarms: Alarms, clock: Clock) {
    this.#log = log;
    this.state = state;
    this.#alarms = alarms;
    this.#clock = clock;
    this.#entries = new Rate(() => clock.monotonicMs());
    // A restart makes nothing right.
    for (const finding of this.present) this.#raise(finding);
  }

  /** Those that were not found right since. */
  get present(): readonly KeptFinding[] {
    return this.state.content.findings.filter(({ goneMs }) => goneMs === undefined);
  }

  get entriesPerSecond(): number {
    return this.#entries.perSecond;
  }

  read(entries: number, bytes: number): void {
    this.#entries.add(entries);
    this.bytes += bytes;
  }

  /** Keeps findings, and raises an alarm for each that is new. */
  async found(findings: readonly Finding[], by: Look): Promise<void> {
    for (const finding of findings) {
      if (await this.state.keep(finding, by, this.#clock.nowMs())) this.#raise(finding);
    }
  }

  /** A look at a place, or at all of a copy, found this: what was there before and is not any more is gone. */
  async looked(
    copy: string,
    by: readonly Look[],
    findings: readonly Finding[],
    place?: string,
  ): Promise<void> {
    await this.found(findings, by[0]!);
    const wasLookedAt = (finding: KeptFinding): boolean =>
      by.includes(finding.by) && (place === undefined || finding.place === place);
    await this.state.settle(copy, findings, wasLookedAt, this.#clock.nowMs());
  }

  /** What a whole pass saw of sealed entries' times. */
  lookedAtTimes(times: ImplausibleTimes | undefined): void {
    const key = { code: "times_implausible", log: this.#log, subject: this.#log };
    if (!times) {
      this.#alarms.clear(key);
      return;
    }
    const { text, ...evidence } = times;
    this.#alarms.raise({
      ...key,
      severity: "warning",
      message: `Of the log ${this.#log}, ${text}. Look at the clocks of its nodes; if they were right, entries were made up`,
      evidence,
    });
  }

  #raise({ copy, place, code, message, evidence }: Finding): void {
    if (++this.#raised > ALARMS_MAX) {
      this.#alarms.raise({
        code: "verification_failed",
        log: this.#log,
        subject: "and more",
        severity: "critical",
        message: `${this.present.length} places of the log ${this.#log} are not what they should be; alarms are raised for ${ALARMS_MAX} of them. “stele verify” shows where it begins`,
      });
      return;
    }
    this.#alarms.raise({
      code: "verification_failed",
      log: this.#log,
      subject: `${place}: ${code}`,
      severity: "critical",
      message: `${message}. Keep everything as it is, and see docs/operate/verifying.md`,
      evidence: { ...evidence, code, copy, place },
    });
  }
}

/**
 * Looks once more where something was found: only what is found both times is there. A node seals and trims meanwhile, and
 * memory and networks err.
 */
export async function confirmed<T extends { readonly findings: readonly Finding[] }>(
  look: () => Promise<T>,
): Promise<T> {
  const first = await look();
  if (first.findings.length === 0) return first;
  const second = await look();
  const findings = second.findings.filter((finding) =>
    first.findings.some((before) => sameFinding(before, finding)),
  );
  return { ...second, findings };
}
