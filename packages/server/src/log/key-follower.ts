import { UnavailableError } from "@stele/proof";
import type { Clock } from "./clock.ts";
import type { LogIdentity } from "./log-identity.ts";

export interface KeyFollowerOptions {
  readonly identity: Pick<LogIdentity, "refresh">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

/** How often to look whether another node declared keys, when nothing tells. */
const PAUSE_MS = 30_000;

/** Takes over what other nodes declared, though nothing is committed meanwhile, until the signal ends it. */
export async function followKeys({ identity, clock, signal, onFailure }: KeyFollowerOptions): Promise<void> {
  for (; !signal.aborted; await clock.sleep(PAUSE_MS, signal)) {
    try {
      await identity.refresh();
    } catch (error) {
      // That the store is out is told by whoever follows the log.
      if (!(error instanceof UnavailableError)) onFailure(error);
    }
  }
}
