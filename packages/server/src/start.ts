import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { assertSafeToListen, isLoopback } from "./access/access-policy.ts";
import { TokenStore } from "./access/tokens.ts";
import { buildServer, type ServerOptions } from "./http/server.ts";
import { DirectoryHome } from "./log/directory-home.ts";
import { openKeySource } from "./log/signer/open-key-source.ts";
import { Metrics } from "./ops/metrics.ts";
import { openNotifiers, type NotifyOptions } from "./ops/notify/open-notifiers.ts";
import { SteleNode } from "./node.ts";
import type { NodeOptions } from "./node-options.ts";
import type { MirrorOptions, SharedOptions } from "./open-stores.ts";
import { errorCode } from "./store/storage-error.ts";

export interface StartOptions extends Omit<NodeOptions, "home" | "metrics" | "mirrors" | "notifiers"> {
  /** The store that this node shares with others; without it, the logs are in `dataDir`. */
  readonly shared?: SharedOptions;
  readonly mirrors?: MirrorOptions;
  /**
   * Where the private keys of logs are, newest first, as `--key` names it. With `shared` there must be one, the same at all nodes;
   * without, keys are in files beside the logs unless told.
   */
  readonly keys?: readonly string[];
  /** Who is told of alarms. */
  readonly notify?: NotifyOptions;
  /** A file with access tokens: `<dataDir>/tokens.json` unless told. */
  readonly tokensPath?: string;
  /** The address to listen on: 127.0.0.1 unless told. Any that others can reach needs access tokens. */
  readonly host?: string;
  /** 8080 unless told; 0 for any that is free. */
  readonly port?: number;
  readonly logger?: ServerOptions["logger"];
  readonly limits?: ServerOptions["limits"];
}

export interface RunningNode {
  readonly node: SteleNode;
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Whether requests need a token now. */
  readonly tokensRequired: boolean;
  /** Finishes requests, commits what was submitted, and lets go of the directory. */
  close(): Promise<void>;
}

/**
 * Opens a data directory and serves it over HTTP.
 *
 * @throws AccessError `tokens_missing` before anything is opened; what `SteleNode.open` throws;
 *   MalformedError `option_invalid`; UnavailableError `address_taken`, `listen_failed`
 */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  const host = options.host ?? "127.0.0.1";
  const now = options.now ?? Date.now;
  const tokens = new TokenStore(options.tokensPath ?? tokensPath(options.dataDir), now);
  assertSafeToListen(host, tokens);
  const metrics = new Metrics();
  const notifiers = options.notify ? await openNotifiers(options.notify, now) : [];
  const { probed, ...stores } = await openStores(options, metrics);
  const node = await openNode({ ...options, mirrors: undefined, ...stores, metrics, notifiers }, probed);
  try {
    await probed;
    const api = await buildServer(node, {
      host,
      tokens,
      metrics: node.metrics,
      nowMs: now,
      ...(options.logger !== undefined && { logger: options.logger }),
      ...(options.limits && { limits: options.limits }),
    });
    const url = await listen(
      () => api.listen({ host, port: options.port ?? 8080 }),
      host,
      options.port ?? 8080,
    );
    return {
      node,
      url,
      tokensRequired: !isLoopback(host) || tokens.required,
      close: async () => {
        await api.close();
        await node.close();
      },
    };
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** What the probe of the store found says better why a node can't be opened. */
async function openNode(options: NodeOptions, probed: Promise<void> | undefined): Promise<SteleNode> {
  try {
    return await SteleNode.open(options);
  } catch (error) {
    await probed;
    throw error;
  }
}

interface OpenedStores extends Pick<NodeOptions, "home" | "mirrors"> {
  readonly probed?: Promise<void>;
}

/** The drivers of stores are loaded only where they are needed: they take a tenth of a second. */
async function openStores(
  { dataDir, shared, mirrors, keys = [] }: StartOptions,
  metrics: Metrics,
): Promise<OpenedStores> {
  const keySources = await Promise.all(keys.map((name) => openKeySource(name)));
  const own = keySources.length > 0 && !shared ? { home: new DirectoryHome(dataDir, keySources) } : {};
  if (!shared && !mirrors) return own;
  const drivers = await import("./open-stores.ts");
  const opened = mirrors && (await drivers.openMirrors(mirrors, shared ?? {}));
  const home =
    shared &&
    (await drivers.openSharedHome(dataDir, shared, keySources, opened?.stores ?? [], (call) =>
      metrics.storeCalled(call),
    ));
  return { ...own, ...home, ...(opened && { mirrors: opened }) };
}

/** Where a data directory keeps its access tokens. */
export function tokensPath(dataDir: string): string {
  return join(dataDir, "tokens.json");
}

async function listen(start: () => Promise<string>, host: string, port: number): Promise<string> {
  try {
    return await start();
  } catch (cause) {
    throw errorCode(cause) === "EADDRINUSE"
      ? new UnavailableError(
          "address_taken",
          `${host}:${port} is taken: another program, perhaps another node, listens there. Choose another --port`,
          { cause },
        )
      : new UnavailableError("listen_failed", `Can't listen on ${host}:${port} (${errorCode(cause)})`, {
          cause,
        });
  }
}
