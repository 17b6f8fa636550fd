/** Wakes whoever waits; a ring while nobody waits is not lost. */
export class Bell {
  #ring = Promise.withResolvers<void>();

  ring(): void {
    this.#ring.resolve();
  }

  /** Resolves at the next ring, or at once if there was one since the last call of {@link rearm}. */
  async rung(): Promise<void> {
    await this.#ring.promise;
  }

  /** Call it before looking for work: rings from now on count. */
  rearm(): void {
    this.#ring = Promise.withResolvers();
  }
}
