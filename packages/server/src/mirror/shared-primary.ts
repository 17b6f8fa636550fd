import { UnavailableError, type LogKeys } from "@stele/proof";
import { parseSegmentRecord } from "../search/segment-record.ts";
import { AnyVersionVault } from "../store/any-version-vault.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import type { Vault } from "../store/vault.ts";
import type { PrimaryLog, SealedRecord } from "./primary-log.ts";

/** A log in a store: of many nodes' primary, or of any store that another one is brought to. */
export class SharedPrimary implements PrimaryLog {
  readonly objects: ObjectStore;
  readonly vault: Vault;
  readonly #keys: LogKeys;

  /** `keys`: of the log. */
  constructor(objects: ObjectStore, vault: Vault, keys: LogKeys) {
    this.objects = objects;
    this.vault = new AnyVersionVault(vault);
    this.#keys = keys;
  }

  get place(): string {
    return this.objects.place;
  }

  get anchors(): ObjectStore {
    return this.objects;
  }

  async identity(): Promise<Buffer> {
    const bytes = await this.objects.get(logKeys.identity);
    if (bytes) return bytes;
    throw new UnavailableError("log_unfinished", `${this.place}/${logKeys.identity} is not there (yet)`);
  }

  async keyStatement(number: number): Promise<Buffer | undefined> {
    return await this.objects.get(logKeys.keyStatement(number));
  }

  async record(start: number): Promise<SealedRecord | undefined> {
    const key = logKeys.segment(start);
    const note = await this.objects.get(key);
    return note && { ...parseSegmentRecord(note, this.#keys, `${this.place}/${key}`, start), note };
  }

  async commit(start: number): Promise<Buffer | undefined> {
    return await this.objects.get(logKeys.commit(start));
  }

  async oldestCommit(): Promise<number | undefined> {
    for await (const { key } of this.objects.list(logKeys.journal)) {
      return Number(key.slice(logKeys.journal.length));
    }
    return undefined;
  }

  async segmentLengthBytes({ segment }: SealedRecord): Promise<number | undefined> {
    return (await this.vault.head(segment))?.lengthBytes;
  }

  async readSegment({ segment }: SealedRecord, from: number, to: number): Promise<Uint8Array> {
    return await this.vault.get(segment, from, to);
  }
}
