import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Mutex } from "../../log/mutex.ts";
import { replaceFile } from "../../store/durable-file.ts";
import { errorCode } from "../../store/storage-error.ts";
import { recall, remember } from "../remembered.ts";
import { sameFinding, type Finding } from "./finding.ts";

/** What looked: at the tree of a copy, at one segment of it, at new commits, or at what the node keeps for itself. */
export type Look = "tree" | "segment" | "commit" | "local";

export interface KeptFinding extends Finding {
  readonly by: Look;
  /** Unix milliseconds. */
  readonly foundMs: number;
  /** A later look at the same place found it right. It stays an alarm until a person has looked. */
  readonly goneMs?: number;
}

/** How far the pass over everything is. */
export interface PassProgress {
  /** Unix milliseconds. */
  readonly startedMs: number;
  readonly period: number;
  /** Of each copy, by its place: the segments below this leaf index are done. */
  readonly positions: Readonly<Record<string, number>>;
  /** Groups of segments that this node has taken on, and is not done with. */
  readonly claimed: readonly string[];
}

interface Content {
  /** Tells this node from others that verify the same log. */
  readonly node: string;
  readonly firstStartMs: number;
  readonly lastFullMs?: number;
  readonly pass?: PassProgress;
  readonly findings: readonly KeptFinding[];
}

const FINDINGS_MAX = 1000;

/**
 * What the verifier of one log keeps beyond a restart: how far it is, what it found, and the newest checkpoint that it saw in
 * each copy. What a copy shows later has to extend that.
 */
export class VerifierState {
  readonly #directory: string;
  readonly #path: string;
  readonly #origin: string;
  #content: Content;
  readonly #writes = new Mutex();

  private constructor(directory: string, path: string, origin: string, content: Content) {
    this.#directory = directory;
    this.#path = path;
    this.#origin = origin;
    this.#content = content;
  }

  static async open(directory: string, log: string, origin: string, nowMs: number): Promise<VerifierState> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `${log}.json`);
    const fresh = { node: randomBytes(8).toString("hex"), firstStartMs: nowMs, findings: [] };
    const kept = await read(path);
    return new VerifierState(directory, path, origin, kept ? notBeyond(kept, nowMs) : fresh);
  }

  get content(): Content {
    return this.#content;
  }

  async update(change: Partial<Content>): Promise<void> {
    await this.replace({ ...this.#content, ...change });
  }

  async replace(content: Content): Promise<void> {
    this.#content = content;
    await this.#writes.run(() => replaceFile(this.#path, `${JSON.stringify(this.#content)}\n`, 0o600));
  }

  /** Begins to keep a finding; true if it is new, or was gone. */
  async keep(finding: Finding, by: Look, nowMs: number): Promise<boolean> {
    const { findings } = this.#content;
    const known = findings.find((each) => sameFinding(each, finding));
    if (known && known.goneMs === undefined) return false;
    const rest = findings.filter((each) => each !== known);
    await this.update({ findings: [...rest, { ...finding, by, foundMs: nowMs }].slice(-FINDINGS_MAX) });
    return true;
  }

  /** Findings that a later look at the same did not find again: those of a copy that `looked` is true of. */
  async settle(
    copy: string,
    present: readonly Finding[],
    looked: (finding: KeptFinding) => boolean,
    nowMs: number,
  ): Promise<void> {
    const gone = (each: KeptFinding): boolean =>
      each.copy === copy &&
      each.goneMs === undefined &&
      looked(each) &&
      !present.some((finding) => sameFinding(each, finding));
    if (!this.#content.findings.some(gone)) return;
    await this.update({
      findings: this.#content.findings.map((each) => (gone(each) ? { ...each, goneMs: nowMs } : each)),
    });
  }

  /** The newest signed note that was verified in a copy. */
  async recall(copy: string): Promise<string | undefined> {
    return (await recall(this.#directory, this.#name(copy)))?.checkpoint;
  }

  async remember(copy: string, vkey: string, checkpoint: string): Promise<void> {
    await remember(this.#directory, this.#name(copy), { vkey, checkpoint });
  }

  #name(copy: string): string {
    return `${this.#origin} at ${copy}`;
  }
}

/** A time to come was written when the clock was wrong, or by somebody who wants nothing verified until then. */
function notBeyond({ firstStartMs, lastFullMs, pass, ...rest }: Content, nowMs: number): Content {
  return {
    ...rest,
    firstStartMs: Math.min(firstStartMs, nowMs),
    ...(lastFullMs !== undefined && lastFullMs <= nowMs && { lastFullMs }),
    ...(pass && pass.startedMs <= nowMs && { pass }),
  };
}

/** What can't be read is begun anew: it saves work and keeps findings, but what is verified does not depend on it. */
async function read(path: string): Promise<Content | undefined> {
  try {
    const content = JSON.parse(await readFile(path, "utf8")) as Partial<Content>;
    const { node, firstStartMs, findings } = content;
    if (typeof node !== "string" || typeof firstStartMs !== "number" || !Array.isArray(findings))
      return undefined;
    return content as Content;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
