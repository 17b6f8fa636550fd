/** Clocks of nodes may differ by so much, and a node that stalls stamps before it commits. */
export const TIME_TOLERANCE_MS = 10 * 60_000;

/** A leaf index, and when its entry says that it was received (RFC 3339, UTC, milliseconds: compared as text). */
export interface Stamp {
  readonly leafIndex: number;
  readonly receivedAt: string;
}

/** What the times of receipt of some entries, in order, come down to. */
export interface ReceivedTimes {
  readonly least: Stamp;
  readonly greatest: Stamp;
  /** The first that is well before one that came before it. */
  readonly backward?: Stamp & { readonly after: Stamp };
}

/**
 * Times of receipt that no node with a right clock gives: entries were forged, or a clock was wrong. Neither proves anything
 * false, so they are told and are no failure. docs/spec/verification.md.
 */
export interface ImplausibleTimes {
  /** The first entry found that says that it was received well before one that came before it. */
  readonly backward?: Stamp & { readonly after: Stamp };
  /** The entry with the latest time, if that has not come yet by the clock of the verifier. */
  readonly future?: Stamp;
  /** The same for people. */
  readonly text: string;
}

const KEY = Buffer.from('"received_at":"');
const LENGTH = "2026-01-01T00:00:00.000Z".length;

/** Takes entries in the order of the log, or what parts of it come down to. */
export class TimeAudit {
  #times: ReceivedTimes | undefined;

  get times(): ReceivedTimes | undefined {
    return this.#times;
  }

  entry(entry: Uint8Array, leafIndex: number): void {
    const receivedAt = receivedAtOf(entry);
    if (receivedAt === undefined) return; // docs/spec/entry.md has it in each
    const greatest = this.#times?.greatest;
    // Most entries: not before the one before.
    if (greatest && receivedAt >= greatest.receivedAt) {
      this.#times = { ...this.#times!, greatest: { leafIndex, receivedAt } };
      return;
    }
    const stamp = { leafIndex, receivedAt };
    this.part({ least: stamp, greatest: stamp });
  }

  /** Entries of lines, the first of which is `start`; those below `from` are passed over. */
  lines(lines: Uint8Array, start: number, from: number): void {
    for (let at = 0, index = start; at < lines.length; index++) {
      const end = lines.indexOf(0x0a, at);
      if (index >= from) this.entry(lines.subarray(at, end), index);
      at = end + 1;
    }
  }

  /** The times of the entries that follow. */
  part(part: ReceivedTimes | undefined): void {
    if (!part) return;
    const before = this.#times;
    if (!before) {
      this.#times = part;
      return;
    }
    const fallen = before.backward ?? fallOf(part.least, before.greatest) ?? part.backward;
    this.#times = {
      least: part.least.receivedAt < before.least.receivedAt ? part.least : before.least,
      greatest: part.greatest.receivedAt >= before.greatest.receivedAt ? part.greatest : before.greatest,
      ...(fallen && { backward: fallen }),
    };
  }

  /** @param nowMs the verifier's clock, Unix milliseconds */
  implausible(nowMs: number): ImplausibleTimes | undefined {
    const { backward, greatest } = this.#times ?? {};
    const future =
      greatest && Date.parse(greatest.receivedAt) > nowMs + TIME_TOLERANCE_MS ? greatest : undefined;
    if (!backward && !future) return undefined;
    const found = { ...(backward && { backward }), ...(future && { future }) };
    return { ...found, text: describe(found) };
  }
}

function describe({ backward, future }: Omit<ImplausibleTimes, "text">): string {
  const said = [
    backward &&
      `entry ${backward.leafIndex} says that it was received at ${backward.receivedAt}, and entry ${backward.after.leafIndex} before it at ${backward.after.receivedAt}`,
    future &&
      `entry ${future.leafIndex} says that it was received at ${future.receivedAt}, which is still to come`,
  ];
  return said.filter((part) => part !== undefined).join("; ");
}

function fallOf(stamp: Stamp, after: Stamp): (Stamp & { after: Stamp }) | undefined {
  const isFall = Date.parse(after.receivedAt) - Date.parse(stamp.receivedAt) > TIME_TOLERANCE_MS;
  return isFall ? { ...stamp, after } : undefined;
}

/** No text inside of an entry has the key: its quotes would be escaped. */
function receivedAtOf(entry: Uint8Array): string | undefined {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  const at = bytes.indexOf(KEY) + KEY.length;
  return at < KEY.length ? undefined : bytes.toString("latin1", at, at + LENGTH);
}
