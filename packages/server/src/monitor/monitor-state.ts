import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { formatCompactRange, MalformedError, parseCompactRange, type CompactRange } from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { makeDirectory, replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";

/** What a monitor remembers of a log from round to round, and over restarts. */
export interface MonitorState {
  readonly origin: string;
  /** The newest key, and the log's statements that it follows from. */
  vkey: string;
  statements: readonly string[];
  /** Signed notes of heads that extend each other, smallest first: thinned, so never many. */
  notes: readonly string[];
  /** The tree over the entries that were hashed. */
  range: CompactRange;
  /** When the log was last seen to have grown, Unix milliseconds. */
  grewAtMs: number;
  /** By URL, of the vantage points that are watched now. */
  places: Readonly<Record<string, PlaceState>>;
}

export interface PlaceState {
  /** The largest tree that it has shown. */
  readonly treeSize: number;
  /** How far it has to come to be said to keep up, and since when that is so. */
  readonly target?: { readonly treeSize: number; readonly sinceMs: number };
  /** A signed note that could not be compared yet, since no place had the tiles for it. */
  readonly pending?: string;
}

/** `$XDG_STATE_HOME/stele/monitor`, or `~/.local/state/stele/monitor`. */
export function defaultMonitorDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "stele", "monitor");
}

const STATE_FILE = "state.json";
const PROOF_EXTENSION = ".misbehaviour";

/** The directory of one log: its state, and the proofs that it misbehaved. */
export class MonitorDirectory {
  readonly path: string;

  constructor(directory: string, origin: string) {
    this.path = resolve(directory, createHash("sha256").update(origin).digest("hex"));
  }

  /** @throws MalformedError `monitor_state_malformed` */
  async read(): Promise<MonitorState | undefined> {
    const path = join(this.path, STATE_FILE);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    try {
      return parseMonitorState(text);
    } catch (cause) {
      throw new MalformedError(
        "monitor_state_malformed",
        `${path} can't be read: it holds what was seen of the log. Restore it, or remove it to begin anew`,
        { cause },
      );
    }
  }

  /** Durable when it returns. */
  async write(state: MonitorState): Promise<void> {
    await makeDirectory(this.path);
    await replaceFile(join(this.path, STATE_FILE), formatMonitorState(state), 0o600);
  }

  /**
   * Keeps a proof. The first one for a subject stays: more of the same would fill the disk. Durable when it returns.
   *
   * @returns where it is
   */
  async keepProof(subject: string, proof: Uint8Array): Promise<string> {
    await makeDirectory(this.path);
    const name = createHash("sha256").update(subject).digest("hex").slice(0, 16) + PROOF_EXTENSION;
    const path = join(this.path, name);
    if (!(await this.proofs()).includes(path)) await replaceFile(path, proof);
    return path;
  }

  /** Alarms, and whom to tell of them, of a monitor that has notifiers. */
  get alarms(): string {
    return join(this.path, "alarms");
  }

  /** Where the proofs are that were found until now. */
  async proofs(): Promise<string[]> {
    try {
      const names = await readdir(this.path);
      return names
        .filter((name) => name.endsWith(PROOF_EXTENSION))
        .toSorted()
        .map((name) => join(this.path, name));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }
}

export function formatMonitorState(state: MonitorState): string {
  const { origin, vkey, statements, notes, range, grewAtMs, places } = state;
  const fields = {
    format: "stele.monitor/v1",
    origin,
    vkey,
    statements,
    notes,
    range: Buffer.from(formatCompactRange(range)).toString("base64"),
    grew_at_ms: grewAtMs,
    places: Object.fromEntries(
      Object.entries(places).map(([url, { treeSize, target, pending }]) => [
        url,
        {
          tree_size: treeSize,
          ...(target && { target: { tree_size: target.treeSize, since_ms: target.sinceMs } }),
          ...(pending !== undefined && { pending }),
        },
      ]),
    ),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** @throws MalformedError `monitor_state_malformed`, and what `parseCompactRange` throws; SyntaxError if it is no JSON */
export function parseMonitorState(text: string): MonitorState {
  const fields = objectOf(JSON.parse(text));
  if (fields["format"] !== "stele.monitor/v1") throw malformed("it is of another format");
  const places = Object.entries(objectOf(fields["places"])).map(([url, value]): [string, PlaceState] => {
    const place = objectOf(value);
    const target = place["target"] === undefined ? undefined : objectOf(place["target"]);
    return [
      url,
      {
        treeSize: integerOf(place["tree_size"]),
        ...(target && {
          target: { treeSize: integerOf(target["tree_size"]), sinceMs: integerOf(target["since_ms"]) },
        }),
        ...(place["pending"] !== undefined && { pending: textOf(place["pending"]) }),
      },
    ];
  });
  const range = parseCompactRange(Buffer.from(textOf(fields["range"]), "base64"), { hasher: nativeHasher });
  if (range.begin !== 0) throw malformed("its tree does not begin with the first entry");
  return {
    origin: textOf(fields["origin"]),
    vkey: textOf(fields["vkey"]),
    statements: textsOf(fields["statements"]),
    notes: textsOf(fields["notes"]),
    range,
    grewAtMs: integerOf(fields["grew_at_ms"]),
    places: Object.fromEntries(places),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("a part is no object");
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw malformed("a part is no text");
  return value;
}

function textsOf(value: unknown): string[] {
  if (!Array.isArray(value)) throw malformed("a part is no list");
  return value.map(textOf);
}

function integerOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed("a part is no size or time");
  return value as number;
}

function malformed(reason: string): MalformedError {
  return new MalformedError("monitor_state_malformed", `Not the state of a monitor: ${reason}`);
}
