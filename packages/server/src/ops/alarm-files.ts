import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import type { AlarmRecord } from "./alarms.ts";

const FILE_NAME = /^([0-9a-f]{16})\.json$/;

/** `<data>/alarms`: a file for each alarm that is kept, with its evidence. */
export class AlarmFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What is kept, and the files that are not alarms: those stay where they are. Makes the directory. */
  async load(): Promise<{ readonly alarms: AlarmRecord[]; readonly malformed: string[] }> {
    await makeDirectory(this.#directory);
    const alarms: AlarmRecord[] = [];
    const malformed: string[] = [];
    for (const name of (await readdir(this.#directory)).toSorted()) {
      const id = FILE_NAME.exec(name)?.[1];
      if (id === undefined) continue;
      const path = join(this.#directory, name);
      const alarm = parseRecord(await readFile(path, "utf8"));
      if (alarm?.id === id) alarms.push(alarm);
      else malformed.push(path);
    }
    return { alarms, malformed };
  }

  /** Durable when it resolves. */
  async save(alarm: AlarmRecord): Promise<void> {
    await replaceFile(this.path(alarm.id), `${JSON.stringify(alarm)}\n`, 0o600);
  }

  async remove(id: string): Promise<void> {
    try {
      await rm(this.path(id));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  /** Where an alarm is kept. */
  path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}

/** An alarm as {@link AlarmFiles.save} writes it; undefined if it is none: the disk, or somebody, damaged it. */
export function parseRecord(text: string): AlarmRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isRecord(value) ? value : undefined;
}

export function isRecord(value: unknown): value is AlarmRecord {
  if (!isObject(value)) return false;
  const { id, code, log, subject, severity, message, evidence, sinceMs, renewedMs, clearedMs } = value;
  const { acknowledgement } = value;
  return (
    typeof id === "string" &&
    typeof code === "string" &&
    (log === undefined || typeof log === "string") &&
    typeof subject === "string" &&
    (severity === "warning" || severity === "critical") &&
    typeof message === "string" &&
    (evidence === undefined || isObject(evidence)) &&
    isTime(sinceMs) &&
    isTime(renewedMs) &&
    (clearedMs === undefined || isTime(clearedMs)) &&
    (acknowledgement === undefined || isAcknowledgement(acknowledgement))
  );
}

function isAcknowledgement(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { atMs, by, note } = value;
  return (
    isTime(atMs) &&
    (by === undefined || typeof by === "string") &&
    (note === undefined || typeof note === "string")
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What `Date` can hold. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}
