import { MalformedError } from "@stele/proof";

/** What a node says of itself in the store: that it is there, and what it is at. */
export interface Presence {
  /** 16 hexadecimal digits, the same over restarts. */
  readonly id: string;
  /** For people; not unique. */
  readonly name: string;
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedMs: number;
  /** When it said so, by its own clock (Unix milliseconds). */
  readonly saidMs: number;
  readonly state: "starting" | "ready" | "stopping";
  /** At most {@link PRESENCE_LOGS_MAX}. */
  readonly logs: readonly PresentLog[];
  /** What this node committed itself, over ten seconds. */
  readonly eventsPerSecond: number;
}

export interface PresentLog {
  readonly name: string;
  readonly treeSize: number;
  readonly writable: boolean;
}

export const PRESENCE_LOGS_MAX = 100;
export const PRESENCE_LENGTH_BYTES_MAX = 32 * 1024;
export const NODE_NAME = /^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$/;

const ID = /^[0-9a-f]{16}$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/;
const LOG = /^[a-z0-9][a-z0-9-]{0,62}$/;
const KEY = /^([0-9a-f]{16})\/([0-9]{16})$/;
const STATES = ["starting", "ready", "stopping"] as const;

/** The key of what a node said at a moment, below `nodes/`: the newest sorts last. */
export function presenceKey({ id, saidMs }: Pick<Presence, "id" | "saidMs">): string {
  return `${id}/${String(saidMs).padStart(16, "0")}`;
}

/** Whose a key is, and when it was said; undefined if it is no key of ours. */
export function parsePresenceKey(key: string): Pick<Presence, "id" | "saidMs"> | undefined {
  const [, id, saidMs] = KEY.exec(key) ?? [];
  return id === undefined ? undefined : { id, saidMs: Number(saidMs) };
}

/** docs/spec/store.md. */
export function formatPresence(presence: Presence): string {
  const { id, name, version, startedMs, saidMs, state, logs, eventsPerSecond } = presence;
  return `${JSON.stringify({
    v: 1,
    id,
    name,
    version,
    started_at: new Date(startedMs).toISOString(),
    time: new Date(saidMs).toISOString(),
    state,
    logs: logs.map(({ name: log, treeSize, writable }) => ({ name: log, tree_size: treeSize, writable })),
    events_per_second: eventsPerSecond,
  })}\n`;
}

/**
 * What lies under `key`. Whoever can write to the store can say anything of any node: it is to be shown, and nothing is to
 * be concluded from it.
 *
 * @throws MalformedError `presence_malformed`
 */
export function parsePresence(key: string, bytes: Uint8Array): Presence {
  if (bytes.length > PRESENCE_LENGTH_BYTES_MAX) throw malformed(key);
  const text = Buffer.from(bytes).toString("utf8");
  const presence = readPresence(key, text);
  // Nothing else is in it, and nothing twice.
  if (formatPresence(presence) !== text || presenceKey(presence) !== key) throw malformed(key);
  return presence;
}

function readPresence(key: string, text: string): Presence {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(key, cause);
  }
  if (!isObject(value) || !Array.isArray(value["logs"])) throw malformed(key);
  const { id, name, version, state, events_per_second: eventsPerSecond } = value;
  const known = STATES.find((one) => one === state);
  const isFit =
    isText(id, ID) &&
    isText(name, NODE_NAME) &&
    isText(version, VERSION) &&
    known !== undefined &&
    typeof eventsPerSecond === "number" &&
    eventsPerSecond >= 0 &&
    value["logs"].length <= PRESENCE_LOGS_MAX;
  if (!isFit) throw malformed(key);
  const startedMs = timeOf(key, value["started_at"]);
  const saidMs = timeOf(key, value["time"]);
  const logs = value["logs"].map((log) => readLog(key, log));
  return { id, name, version, startedMs, saidMs, state: known, logs, eventsPerSecond };
}

function readLog(key: string, value: unknown): PresentLog {
  if (!isObject(value)) throw malformed(key);
  const { name, tree_size: treeSize, writable } = value;
  const isFit =
    isText(name, LOG) &&
    typeof treeSize === "number" &&
    Number.isSafeInteger(treeSize) &&
    treeSize >= 0 &&
    typeof writable === "boolean";
  if (!isFit) throw malformed(key);
  return { name, treeSize, writable };
}

function timeOf(key: string, value: unknown): number {
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  if (!(ms >= 0)) throw malformed(key);
  return ms;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(key: string, cause?: unknown): MalformedError {
  return new MalformedError("presence_malformed", `nodes/${key} is not what a node says of itself`, {
    cause,
  });
}
