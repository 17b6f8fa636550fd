import { MalformedError, VerificationError } from "@stele/proof";
import { findingOf, sameFinding, type EntryRange, type Finding } from "./finding.ts";

/** Of one walk, the first: where everything is wrong, more would tell nothing. */
const FINDINGS_MAX = 100;

/** What a walk found in a copy, each once. */
export class WalkFindings {
  readonly #copy: string;
  readonly #findings: Finding[] = [];

  /** @param copy names the copy for a person */
  constructor(copy: string) {
    this.#copy = copy;
  }

  get all(): readonly Finding[] {
    return this.#findings;
  }

  /** A gap behind something damaged is told by that. */
  get isJournalDamaged(): boolean {
    return this.#findings.some(({ code }) => code.startsWith("journal_"));
  }

  note(place: string, error: Error, range?: EntryRange): void {
    if (this.#findings.length === FINDINGS_MAX) return;
    const finding = findingOf(this.#copy, place, error, range);
    if (!this.#findings.some((known) => sameFinding(known, finding))) this.#findings.push(finding);
  }

  /** What is false or malformed is a finding; that something can't be had, none. */
  noteOrThrow(place: string, error: unknown, range?: EntryRange): void {
    if (error instanceof VerificationError || error instanceof MalformedError) this.note(place, error, range);
    else throw error;
  }
}
