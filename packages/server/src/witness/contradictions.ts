import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { formatMisbehaviour } from "@stele/proof";
import { createFile, makeDirectory } from "../store/durable-file.ts";
import { originHash } from "./witnessed-logs.ts";

/** Whoever has a log's key can make any number of them; one is enough. */
const KEPT_MAX = 1000;

/** Two trees of one size, both signed by their log: kept as proofs of misbehaviour (docs/spec/misbehaviour.md). */
export class Contradictions {
  readonly #directory: string;

  /** @param directory made with the first one */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * @param cosigned what this witness had cosigned
   * @returns the path of the proof, or undefined if there is one of this log and size already, or there are too many
   */
  async keep(
    origin: string,
    treeSize: number,
    cosigned: Uint8Array,
    other: Uint8Array,
  ): Promise<string | undefined> {
    await makeDirectory(this.#directory);
    if ((await readdir(this.#directory)).length >= KEPT_MAX) return undefined;
    const name = `${originHash(origin)}-${String(treeSize).padStart(16, "0")}.misbehaviour`;
    const path = join(this.#directory, name);
    const proof = formatMisbehaviour({ older: cosigned, newer: other });
    return (await createFile(path, proof)) ? path : undefined;
  }
}
