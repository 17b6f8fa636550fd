/** An invariant that does not hold: what a simulation looks for. */
export class Violation extends Error {
  /** Names the invariant. */
  readonly invariant: string;

  constructor(invariant: string, message: string, options?: ErrorOptions) {
    super(`${invariant}: ${message}`, options);
    this.name = "Violation";
    this.invariant = invariant;
  }
}
