import type { IdHashSeed } from "../event/id-hash.ts";
import type { Database } from "../search/database.ts";
import type { StoreStatus } from "../ops/status.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Clock } from "./clock.ts";
import type { LogStorage } from "./log-storage.ts";

/** Where the logs of a node are: its own directory, or a store that it shares with others. */
export interface LogHome {
  /** Whether the logs are this process's alone. */
  readonly isOwn: boolean;
  /** Where the nodes of the store say that they are there; undefined if there is this one only. */
  readonly nodes: ObjectStore | undefined;
  /** The logs that are there. */
  names(): Promise<string[]>;
  /** Makes a log, unless it is there. `originPrefix`: its origin is `<prefix>/logs/<name>`. */
  create(name: string, originPrefix: string, createdAt: string): Promise<void>;
  /** @throws what openDirectoryStorage and openSharedStorage throw */
  open(name: string, context: OpenContext): Promise<LogStorage>;
  status(): StoreStatus;
  close(): Promise<void>;
}

export interface OpenContext {
  readonly database: Database;
  readonly idHashSeed: IdHashSeed;
  readonly clock: Clock;
}

export function originOf(prefix: string, log: string): string {
  return `${prefix}/logs/${log}`;
}
