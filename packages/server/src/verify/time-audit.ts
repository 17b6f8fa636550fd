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

/** No text inside of an entry has it: its quotes would be escaped. */
const KEY = Buffer.from('"received_at":"');
const LENGTH = "2026-01-01T00:00:00.000Z".length;

/** Takes entries in the order of the log, or what parts of it come down to. */
export class TimeAudit {
  #times: ReceivedTimes | undefined;
  /** The time and the index of the latest entry, if it is later than what `#times` has: most entries only change these. */
  readonly #latest = Buffer.alloc(LENGTH);
  #latestIndex: number | undefined;

  get times(): ReceivedTimes | undefined {
    if (this.#latestIndex !== undefined) {
      const greatest = { leafIndex: this.#latestIndex, receivedAt: this.#latest.toString("latin1") };
      this.#latestIndex = undefined;
      this.#times = { ...this.#times!, greatest };
    }
    return this.#times;
  }

  entry(entry: Uint8Array, leafIndex: number): void {
    this.entryAt(entry, 0, entry.length, leafIndex);
  }

  /** The entry at `[from, to)`. */
  entryAt(bytes: Uint8Array, from: number, to: number, leafIndex: number): void {
    const at = placeOfTime(bytes, from, to);
    if (at === undefined) return; // docs/spec/entry.md has it in each
    if (this.#times && this.#isLatest(bytes, at)) {
      this.#latestIndex = leafIndex;
      return;
    }
    const stamp = { leafIndex, receivedAt: Buffer.from(bytes.subarray(at, at + LENGTH)).toString("latin1") };
    this.part({ least: stamp, greatest: stamp });
  }

  /** Whether the time at this place is not before the latest one, whose place it then takes. */
  #isLatest(bytes: Uint8Array, at: number): boolean {
    let same = 0;
    while (same < LENGTH && bytes[at + same] === this.#latest[same]) same++;
    if (same < LENGTH && bytes[at + same]! < this.#latest[same]!) return false;
    for (let i = same; i < LENGTH; i++) this.#latest[i] = bytes[at + i]!;
    return true;
  }

  /** Entries of lines, the first of which is `start`; those below `from` are passed over. */
  lines(lines: Uint8Array, start: number, from: number): void {
    for (let at = 0, index = start; at < lines.length; index++) {
      const end = lines.indexOf(0x0a, at);
      if (index >= from) this.entryAt(lines, at, end, index);
      at = end + 1;
    }
  }

  /** The times of the entries that follow. */
  part(part: ReceivedTimes | undefined): void {
    if (!part) return;
    const before = this.times;
    if (!before) {
      this.#take(part);
      return;
    }
    const fallen = before.backward ?? fallOf(part.least, before.greatest) ?? part.backward;
    this.#take({
      least: part.least.receivedAt < before.least.receivedAt ? part.least : before.least,
      greatest: part.greatest.receivedAt >= before.greatest.receivedAt ? part.greatest : before.greatest,
      ...(fallen && { backward: fallen }),
    });
  }

  /** @param nowMs the verifier's clock, Unix milliseconds */
  implausible(nowMs: number): ImplausibleTimes | undefined {
    const { backward, greatest } = this.times ?? {};
    const future =
      greatest && Date.parse(greatest.receivedAt) > nowMs + TIME_TOLERANCE_MS ? greatest : undefined;
    if (!backward && !future) return undefined;
    const found = { ...(backward && { backward }), ...(future && { future }) };
    return { ...found, text: describe(found) };
  }

  #take(times: ReceivedTimes): void {
    this.#times = times;
    this.#latest.write(times.greatest.receivedAt, "latin1");
  }
}

/** How far the key may be moved on, by the byte under its end (Horspool, 1980): most bytes of an entry are not looked at. */
const SHIFT = new Uint8Array(256).fill(KEY.length);
for (const [i, byte] of KEY.subarray(0, -1).entries()) SHIFT[byte] = KEY.length - 1 - i;

/** Where the time of the entry at `[from, to)` begins. Native code, called once for each entry, would take longer. */
function placeOfTime(bytes: Uint8Array, from: number, to: number): number | undefined {
  const end = KEY.length - 1;
  const last = to - KEY.length - LENGTH;
  for (let at = from; at <= last; at += SHIFT[bytes[at + end]!]!) {
    let same = end;
    while (same >= 0 && bytes[at + same] === KEY[same]) same--;
    if (same < 0) return at + KEY.length;
  }
  return undefined;
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
