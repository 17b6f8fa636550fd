import { randomBytes } from "node:crypto";
import { UnavailableError } from "@stele/proof";
import type { ObjectStore } from "./object-store.ts";

const ROUNDS = 3;
const WRITERS = 32;

/**
 * Lets 32 writers at once create one object, in several rounds, spread over all ways to the store; and reads it back
 * by each way.
 *
 * @param ways the same objects, by way of one endpoint each
 * @returns what went wrong, in words, if something did
 * @throws UnavailableError `store_unavailable`, `store_denied`
 */
export async function probeCreates(ways: readonly ObjectStore[]): Promise<string | undefined> {
  for (let round = 0; round < ROUNDS; round++) {
    const key = `probe/${randomBytes(12).toString("hex")}`;
    try {
      const wrong = await probeOnce(ways, key);
      if (wrong !== undefined) return wrong;
    } finally {
      await ways[0]!.delete([key]);
    }
  }
  return undefined;
}

async function probeOnce(ways: readonly ObjectStore[], key: string): Promise<string | undefined> {
  const run = randomBytes(8).toString("hex");
  const bodyOf = (writer: number): string => `${run} ${writer}\n`;
  const outcomes = await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      try {
        return await ways[writer % ways.length]!.create(key, [Buffer.from(bodyOf(writer))]);
      } catch (error) {
        // It may have won, and not know: what is read back tells.
        if (error instanceof UnavailableError && error.code === "store_unavailable") return error;
        throw error;
      }
    }),
  );
  const winners = outcomes.flatMap((outcome, writer) => (outcome === "created" ? [writer] : []));
  if (winners.length > 1) return `it let ${winners.length} of ${WRITERS} writers create one object`;
  const failed = outcomes.find((outcome) => outcome instanceof UnavailableError);
  if (failed && winners.length === 0) throw failed;
  const expected = winners.map(bodyOf);
  for (const way of ways) {
    const found = (await way.get(key))?.toString();
    if (found === undefined) return `an object that was created can't be read at ${way.place}`;
    // The winner's own answer may have been lost, so that it was told "exists" when it asked again.
    if (expected.length === 0) expected.push(found);
    if (found !== expected[0]) return `it has not the bytes of the writer that was told it was first`;
  }
  return undefined;
}
