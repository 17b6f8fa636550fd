/** How far a pass is, over stages of different length: it never goes back, and ends at 1. */
export class PassMeter {
  #total = 0;
  #begun = 0;
  #stage = 0;
  #progress = 0;
  /** A leaf index, in the copy that is being read. */
  position = 0;

  /** `units`: about how much work all stages are. */
  plan(units: number): void {
    this.#total = units;
  }

  /** The stage before is done, and another one of so many units begins. */
  enter(units: number): void {
    this.#begun += this.#stage;
    this.#stage = units;
    this.at(0, this.position);
  }

  /** So much of the stage is done, 0 to 1; more than that of what came earlier counts for no more. */
  at(fraction: number, position: number): void {
    this.position = position;
    if (this.#total === 0) return;
    const done = this.#begun + this.#stage * Math.min(1, Math.max(0, fraction));
    this.#progress = Math.min(1, Math.max(this.#progress, done / this.#total));
  }

  get progress(): number {
    return this.#progress;
  }
}
