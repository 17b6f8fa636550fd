import type { LogKey, LogKeys } from "@stele/proof";

/** The keys of a log as they are whenever somebody asks. */
export class PresentKeys implements LogKeys {
  readonly #present: () => LogKeys;

  constructor(present: () => LogKeys) {
    this.#present = present;
  }

  get origin(): string {
    return this.#present().origin;
  }

  get keys(): readonly LogKey[] {
    return this.#present().keys;
  }

  get statements(): readonly Uint8Array[] {
    return this.#present().statements;
  }
}
