import { MalformedError, UnavailableError } from "@stele/proof";

/**
 * What `stele promote` leaves behind in a store that is not the primary any more: an object in the place of the next
 * commit. Whoever tries to commit there reads it, and never writes to this log in this store again. It is not signed:
 * whoever can write to the store can stop it in other ways as well.
 */
export interface Fence {
  /** The log's. */
  readonly origin: string;
  /** Where the journal ends: the entry at which the next commit would begin. */
  readonly start: number;
  /** The place where the log goes on, for a person. */
  readonly successor: string;
}

const PREFIX = '{"fence":{';
const LENGTH_BYTES_MAX = 64 * 1024;

export function formatFence({ origin, start, successor }: Fence): Uint8Array {
  return Buffer.from(`${JSON.stringify({ fence: { origin, start, successor } })}\n`);
}

/**
 * @param bytes untrusted: what is stored in the place of a commit
 * @returns undefined if that is no fence
 * @throws MalformedError `fence_malformed` if it begins like one, but is not exactly as {@link formatFence} writes it
 */
export function parseFence(bytes: Uint8Array): Fence | undefined {
  const text = Buffer.from(bytes.subarray(0, LENGTH_BYTES_MAX)).toString();
  if (!text.startsWith(PREFIX)) return undefined;
  try {
    const { fence } = JSON.parse(text) as { fence: Record<string, unknown> };
    const { origin, start, successor } = fence;
    if (
      typeof origin === "string" &&
      typeof successor === "string" &&
      Number.isSafeInteger(start) &&
      (start as number) >= 0 &&
      Buffer.from(formatFence({ origin, start: start as number, successor })).equals(bytes)
    ) {
      return { origin, start: start as number, successor };
    }
  } catch (cause) {
    throw new MalformedError("fence_malformed", "The fence is not JSON", { cause });
  }
  throw new MalformedError("fence_malformed", "The fence is not in its exact form");
}

/** What meets whoever wants to write to a log that was fenced at `place`. Trying again is useless, elsewhere it is not. */
export function fencedError({ origin, start, successor }: Fence, place: string): UnavailableError {
  return new UnavailableError(
    "log_fenced",
    `${place} was fenced at entry ${start}: ${origin} goes on at ${successor}. Nothing more is written here`,
  );
}
