import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Role } from "../../access/role.ts";
import { createToken, revokeToken } from "../../access/token-file.ts";
import { hashToken, readTokenFile, TokenStore } from "../../access/tokens.ts";
import { SteleNode } from "../../node.ts";
import type { NodeOptions } from "../../node-options.ts";
import { buildServer, type ServerOptions } from "../server.ts";

/** A node on a directory of its own, served on a port of its own. */
export interface ServedNode {
  readonly node: SteleNode;
  readonly dataDir: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** The lines of its log. */
  readonly lines: readonly string[];
  /** Makes a token, which the node requires from then on, or within a second. */
  token(role: Role, expiresAt?: Date): Promise<string>;
  /** Makes a token useless. */
  revoke(token: string): Promise<void>;
  closeServer(): Promise<void>;
  close(): Promise<void>;
}

/** Serves a real node. */
export async function serveNode(
  options: Partial<ServerOptions> = {},
  nodeOptions: Partial<NodeOptions> = {},
): Promise<ServedNode> {
  const dataDir = await mkdtemp(join(tmpdir(), "stele-http-"));
  const tokenPath = join(dataDir, "tokens.json");
  const lines: string[] = [];
  let clockMs = 0;
  const node = await SteleNode.open({ dataDir, ...nodeOptions });
  const api = await buildServer(node, {
    host: "127.0.0.1",
    // Each look is a second later, so that a new token counts at once.
    tokens: new TokenStore(tokenPath, () => (clockMs += 1_000)),
    metrics: node.metrics,
    nowMs: Date.now,
    logger: { level: "info", stream: { write: (line: string) => void lines.push(line) } },
    ...options,
  });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  let closing: Promise<void> | undefined;
  const closeServer = () => (closing ??= api.close());
  return {
    node,
    dataDir,
    url,
    port: Number(new URL(url).port),
    lines,
    token: async (role, expiresAt) => {
      const name = `${role}-${randomBytes(4).toString("hex")}`;
      const created = { name, role, createdAt: new Date(0), expiresAt, randomBytes };
      const { token } = await createToken(tokenPath, created);
      return token;
    },
    revoke: async (token) => {
      const record = readTokenFile(tokenPath).find(({ sha256 }) => sha256 === hashToken(token));
      await revokeToken(tokenPath, record!.name);
    },
    closeServer,
    close: async () => {
      await closeServer();
      await node.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** An event that is as it should be. */
export function event(fields: object = {}): object {
  return { action: "document.read", actor: { id: "alice" }, ...fields };
}

/** Submits events as NDJSON and gives the parsed answer. */
export async function submit(url: string, events: readonly object[], log = "main"): Promise<Submitted> {
  const response = await fetch(`${url}/v1/logs/${log}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: events.map((one) => `${JSON.stringify(one)}\n`).join(""),
  });
  const answer: Submitted = await readJson(response);
  if (response.status !== 201) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

export interface Submitted {
  readonly tree_size: number;
  readonly receipts: readonly {
    readonly index: number;
    readonly leaf_hash: string;
    readonly id: string;
    readonly duplicate: boolean;
  }[];
}

/** The body of an answer, taken to be what the caller says. */
export async function readJson<T>(response: Response): Promise<T> {
  const body: T = JSON.parse(await response.text());
  return body;
}

/** The status and the error of an answer. */
export async function refusal(
  response: Response,
): Promise<{ readonly status: number; readonly error: unknown }> {
  const body: { readonly error: unknown } = await readJson(response);
  return { status: response.status, error: body.error };
}
