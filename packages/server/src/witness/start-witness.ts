import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { isLoopback } from "../access/access-policy.ts";
import { errorCode } from "../store/storage-error.ts";
import { Contradictions } from "./contradictions.ts";
import { parseLogList, WitnessedLogs } from "./witnessed-logs.ts";
import { WitnessKey } from "./witness-key.ts";
import { WitnessMetrics } from "./witness-metrics.ts";
import { buildWitnessServer } from "./witness-server.ts";
import { WitnessState } from "./witness-state.ts";
import { Witness } from "./witness.ts";

export interface StartWitnessOptions {
  readonly keyPath: string;
  readonly stateDirectory: string;
  /** Makes the state, for a key that never cosigned anything. */
  readonly init?: boolean;
  /** Keys of logs (vkeys). */
  readonly logKeys?: readonly string[];
  /** A file with more of them, read again by {@link RunningWitness.reload}. */
  readonly logListPath?: string;
  /** 127.0.0.1 unless told. The protocol has no access control but the logs' signatures, so any other is allowed. */
  readonly host?: string;
  /** 8081 unless told; 0 for any that is free. */
  readonly port?: number;
  /** Of one log, a second: 20 unless told. */
  readonly requestsPerSecond?: number;
  readonly nowMs?: () => number;
  /** A log signed two trees of one size; `path` is the proof of it, which is kept beside the state. Told once for each size. */
  readonly onContradiction?: (origin: string, path: string) => void;
  readonly onFault?: (error: unknown) => void;
}

export interface RunningWitness {
  readonly url: string;
  readonly vkey: string;
  /** How many logs it has a key of. */
  readonly logCount: number;
  /** How many logs it has cosigned for. */
  readonly cosignedCount: number;
  /** Reads the list of logs again. If it can't be read, the old one stays in force. @throws what reading it throws */
  reload(): Promise<void>;
  /** Answers what was asked, and lets go of the state. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 5_000;

/**
 * Runs a witness.
 *
 * @throws what `WitnessKey.read`, `WitnessState.open` and `parseLogList` throw; UnavailableError `address_taken`, `listen_failed`
 */
export async function startWitness(options: StartWitnessOptions): Promise<RunningWitness> {
  const { stateDirectory, host = "127.0.0.1", port = 8081 } = options;
  const key = await WitnessKey.read(options.keyPath);
  const logs = await readLogs(options);
  const state = await (options.init
    ? WitnessState.create(stateDirectory, key)
    : WitnessState.open(stateDirectory, key));
  const contradictions = new Contradictions(join(stateDirectory, "misbehaviour"));
  let keeping: Promise<unknown> = Promise.resolve();
  const metrics = new WitnessMetrics(() => ({ logs: witness.logs.count, cosigned: state.count }));
  const witness = new Witness({
    key,
    state,
    logs,
    requestsPerSecond: options.requestsPerSecond ?? 20,
    nowMs: options.nowMs ?? Date.now,
    onContradiction: ({ origin, treeSize, cosigned, other }) => {
      metrics.contradicted();
      const kept = contradictions
        .keep(origin, treeSize, cosigned, other)
        .then((path) => path !== undefined && options.onContradiction?.(origin, path))
        .catch((error: unknown) => options.onFault?.(error));
      keeping = Promise.all([keeping, kept]);
    },
  });
  const server = buildWitnessServer(witness, metrics, {
    showsMetrics: isLoopback(host),
    ...(options.onFault && { onFault: options.onFault }),
  });
  try {
    await listen(server, host, port);
  } catch (error) {
    await state.close();
    throw error;
  }
  return {
    url: urlOf(server, host),
    vkey: key.vkey,
    get logCount() {
      return witness.logs.count;
    },
    get cosignedCount() {
      return state.count;
    },
    reload: async () => {
      witness.logs = await readLogs(options);
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await witness.stop();
      await closed;
      clearTimeout(grace);
      await keeping;
      await state.close();
    },
  };
}

async function readLogs({ logKeys = [], logListPath }: StartWitnessOptions): Promise<WitnessedLogs> {
  const listed =
    logListPath === undefined ? [] : parseLogList(await readFile(logListPath, "utf8"), logListPath);
  return new WitnessedLogs([...logKeys, ...listed]);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    throw errorCode(cause) === "EADDRINUSE"
      ? new UnavailableError("address_taken", `${host}:${port} is taken. Choose another --port`, { cause })
      : new UnavailableError("listen_failed", `Can't listen on ${host}:${port} (${errorCode(cause)})`, {
          cause,
        });
  }
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
