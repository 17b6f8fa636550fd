import {
  checkInteger,
  encodeUtf8,
  MalformedError,
  noteVerifier,
  parseCheckpoint,
  parseNote,
  parsePolicy,
} from "@stele/proof";

/** What a person typed in to be trusted: a key of the log (a vkey), or a tlog-policy with keys, witnesses and a quorum. */
export interface Pinned {
  readonly kind: "key" | "policy";
  readonly text: string;
}

/** The keys that this browser saw the log use, from the first time on. */
export interface Remembered {
  /** Oldest first. */
  readonly vkeys: readonly string[];
  /** Since when, Unix milliseconds. */
  readonly sinceMs: number;
}

/** The largest checkpoint of the log that this browser verified. */
export interface Seen {
  /** The signed note. */
  readonly note: string;
  readonly atMs: number;
}

/** What this browser knows of a log. */
export interface LogTrust {
  readonly pinned?: Pinned;
  readonly remembered?: Remembered;
  readonly seen?: Seen;
}

const PREFIX = "stele-trust:";

/**
 * What this browser knows of the logs of the node that served the page: `localStorage` is by origin, and here by the name
 * of the log. By its name and not by what the log calls itself, so that a node can't start anew as another log.
 */
export class TrustStore {
  readonly #storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  constructor(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.#storage = storage;
  }

  /** @throws MalformedError `trust_malformed` for what was not written here: it is not to be taken for "never seen" */
  read(log: string): LogTrust {
    const text = this.#storage.getItem(PREFIX + log);
    if (text === null) return {};
    try {
      return parseLogTrust(JSON.parse(text));
    } catch (cause) {
      const message = `What this browser remembers of the log ${log} can't be read`;
      throw new MalformedError("trust_malformed", message, { cause });
    }
  }

  /** @throws MalformedError as {@link parsePinned} */
  pin(log: string, text: string): void {
    this.#write(log, { ...this.read(log), pinned: parsePinned(text) });
  }

  unpin(log: string): void {
    const { pinned: _, ...rest } = this.read(log);
    this.#write(log, rest);
  }

  /** Forgets everything of the log, what was pinned included. */
  forget(log: string): void {
    this.#storage.removeItem(PREFIX + log);
  }

  /**
   * Remembers what was verified. The checkpoint never goes backwards, whatever other tabs do. If something else was remembered,
   * pinned or forgotten meanwhile, nothing is: it was not checked against that, and the next check is.
   *
   * @param basis what was known when the check began
   * @param vkeys the keys of the log that follow from what was trusted
   * @param note a signed checkpoint that was verified, and found consistent with the one seen before
   */
  remember(log: string, basis: LogTrust, vkeys: readonly string[], note: string, nowMs: number): void {
    const known = this.read(log);
    if (JSON.stringify(known) !== JSON.stringify(basis)) return;
    const { pinned, remembered, seen } = known;
    const isNewer = seen === undefined || sizeOf(seen.note) < sizeOf(note);
    this.#write(log, {
      ...(pinned && { pinned }),
      remembered: { vkeys, sinceMs: remembered?.sinceMs ?? nowMs },
      seen: isNewer ? { note, atMs: nowMs } : seen,
    });
  }

  #write(log: string, trust: LogTrust): void {
    this.#storage.setItem(PREFIX + log, JSON.stringify(trust));
  }
}

/** What a person typed in. @throws MalformedError `trust_malformed`: neither a vkey of a log nor a policy */
export function parsePinned(text: string): Pinned {
  const trimmed = text.trim().replaceAll("\r", "");
  try {
    if (/\s/.test(trimmed)) {
      const policy = `${trimmed}\n`;
      if (parsePolicy(encodeUtf8(policy)).logs.length === 0) throw new Error("The policy names no log");
      return { kind: "policy", text: policy };
    }
    noteVerifier(trimmed);
    return { kind: "key", text: trimmed };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedError("trust_malformed", `This is neither a key of a log nor a policy: ${reason}`, {
      cause,
    });
  }
}

function sizeOf(note: string): number {
  return parseCheckpoint(parseNote(encodeUtf8(note)).text).treeSize;
}

function parseLogTrust(value: unknown): LogTrust {
  const { pinned, remembered, seen } = value as LogTrust;
  if (remembered !== undefined) for (const vkey of remembered.vkeys) noteVerifier(vkey);
  if (seen !== undefined) sizeOf(seen.note);
  return {
    ...(pinned && { pinned: parsePinned(pinned.text) }),
    ...(remembered && {
      remembered: { vkeys: remembered.vkeys, sinceMs: checkInteger("sinceMs", remembered.sinceMs) },
    }),
    ...(seen && { seen: { note: seen.note, atMs: checkInteger("atMs", seen.atMs) } }),
  };
}
