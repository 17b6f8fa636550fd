import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UnavailableError } from "@stele/proof";
import { makeDirectory, syncDirectory } from "./durable-file.ts";
import { directoryError, errorCode } from "./storage-error.ts";
import { within } from "./within.ts";

/**
 * The directory that a store is in. It is made when the store is opened and never again: one that is gone under a running
 * node is a mount that went away, and what is not found below it is not absent.
 */
export class RootDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes it, durably, unless it is there. @throws UnavailableError `store_unavailable`, `store_denied` */
  async make(timeoutMs: number): Promise<void> {
    try {
      await within(makeDirectory(this.path), timeoutMs, this.path);
    } catch (cause) {
      throw cause instanceof UnavailableError ? cause : directoryError(cause, this.path);
    }
  }

  /** Makes a directory below it, and those between, durably. @throws UnavailableError `store_unavailable` */
  async makeBelow(path: string): Promise<void> {
    await this.assertThere();
    const below: string[] = [];
    for (let at = path; at !== this.path; at = dirname(at)) below.unshift(at);
    // One by one: a recursive mkdir would make the root as well.
    for (const each of below) {
      await mkdir(each).catch((error: unknown) => {
        if (errorCode(error) !== "EEXIST") throw error;
      });
      // Also if it was there: whoever made it may not have come so far.
      await syncDirectory(dirname(each));
    }
  }

  /** Call it before anything below is said to be absent. @throws UnavailableError `store_unavailable` */
  async assertThere(): Promise<void> {
    try {
      await stat(this.path);
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      throw new UnavailableError(
        "store_unavailable",
        `Directory ${this.path} is not there: is its file system mounted? It is made when a store is opened, not under a running node`,
        { cause, retryAfterMs: 5_000 },
      );
    }
  }
}

/** Whether a call failed because there is nothing at its path. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}
