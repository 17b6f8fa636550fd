import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  followSuccession,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  noteVerifier,
  signNote,
} from "@stele/proof";
import { testSigner } from "../../../../proof/src/testing/test-log.ts";
import { formatLogFile } from "../../log/log-key.ts";
import { hashLines } from "../../log/native-hasher.ts";
import { TreeStore } from "../../log/tree-store.ts";
import { formatSegmentRecord } from "../../search/segment-record.ts";
import { sealSegment } from "../../search/segment-writer.ts";
import type { DescribedSegment } from "../../search/segment.ts";
import { entryTexts, linesOf, ORIGIN } from "../../search/testing/test-log.ts";
import { formatCommit, type Commit } from "../../store/commit.ts";
import { FileJournal } from "../../store/file-journal.ts";
import { FileObjects } from "../../store/file-objects.ts";
import { SwitchedObjects } from "../../store/testing/switched-objects.ts";
import { FileVault } from "../../store/file-vault.ts";
import { RootDirectory } from "../../store/root-directory.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { logKeys } from "../../store/store.ts";
import { SharedPrimary } from "../shared-primary.ts";

const signer = testSigner(ORIGIN, 9);

/** A log with real entries, signatures and segments in a store, as nodes write it, and a node's copy of its journal. */
export class SignedLog {
  readonly vkey = formatVerifierKey(signer.key);
  readonly verifier = noteVerifier(signer.key);
  readonly keys = followSuccession(this.vkey);
  readonly directory: string;
  readonly objects: SwitchedObjects;
  readonly vault: FileVault;
  readonly journal: FileJournal;
  readonly commits: Commit[] = [];
  readonly segments: DescribedSegment[] = [];
  readonly #tree = new TreeStore();

  private constructor(directory: string, objects: SwitchedObjects, vault: FileVault, journal: FileJournal) {
    this.directory = directory;
    this.objects = objects;
    this.vault = vault;
    this.journal = journal;
  }

  static async create(): Promise<SignedLog> {
    const directory = await mkdtemp(join(tmpdir(), "stele-mirror-"));
    const objects = objectsIn(join(directory, "primary"));
    const vault = await FileVault.open(join(directory, "vault"));
    const journal = await FileJournal.open(join(directory, "journal"), {
      acknowledgedSize: 0,
      visit: () => undefined,
      durable: false,
      fileLengthBytesMax: 100_000,
    });
    const log = new SignedLog(directory, objects, vault, journal);
    const identity = { origin: ORIGIN, vkey: log.vkey, createdAt: "2026-01-01T00:00:00.000Z" };
    await objects.create(logKeys.identity, [Buffer.from(formatLogFile(identity))]);
    return log;
  }

  get primary(): SharedPrimary {
    return new SharedPrimary(this.objects, this.vault, this.keys);
  }

  get tempDirectory(): string {
    return join(this.directory, "temp");
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Commits `count` more entries. */
  async commit(count: number, objects: ObjectStore = this.objects): Promise<Commit> {
    const start = this.#tree.size;
    const lines = linesOf(entryTexts(start, start + count));
    const extension = this.#tree.extend([hashLines(lines)]);
    this.#tree.commit(extension);
    const commit: Commit = {
      id: (start + 1).toString(16).padStart(32, "0"),
      origin: ORIGIN,
      start,
      count,
      lines: [lines],
      checkpoint: await this.checkpoint(),
    };
    await objects.create(logKeys.commit(start), formatCommit(commit));
    await this.journal.append(commit);
    this.commits.push(commit);
    return commit;
  }

  /** Seals up to `end`, as the node does that is first. */
  async seal(end: number, retainUntilMs?: number): Promise<DescribedSegment> {
    const start = this.segments.at(-1)?.end ?? 0;
    const staging = this.path("staging");
    await mkdir(staging, { recursive: true });
    const built = await sealSegment({
      directory: staging,
      tempDirectory: this.path("sealing"),
      origin: ORIGIN,
      start,
      end,
      suffix: "00c0ffee",
      journalFiles: this.journal.files,
      subtreeHashes: this.#tree.subtreeHashes(start, end),
      checkpoint: await this.checkpoint(),
    });
    await this.vault.put(built.key, join(staging, built.key));
    const resume = this.commits.findLast((commit) => commit.start < end)!.start;
    const retention = retainUntilMs === undefined ? {} : { retainUntilMs };
    // A version that no other store knows.
    const segment = { ...built, version: "v-primary" };
    const note = await formatSegmentRecord({ segment, resume, ...retention }, (text) =>
      signNote(text, [signer]),
    );
    await this.objects.create(logKeys.segment(start), [note]);
    this.segments.push(segment);
    return segment;
  }

  /** The newest checkpoint, signed. */
  async checkpoint(): Promise<string> {
    return (await this.#sign(this.#tree.size, this.#tree.root())).toString();
  }

  /** A checkpoint of another history, signed all the same. */
  async forkedCheckpoint(treeSize: number): Promise<Buffer> {
    return await this.#sign(treeSize, Buffer.alloc(32, 1));
  }

  async #sign(treeSize: number, root: Uint8Array): Promise<Buffer> {
    const text = formatCheckpoint({ origin: ORIGIN, treeSize, root });
    const { name, keyId } = signer.key;
    const signature = await signer.sign(Buffer.from(text));
    return Buffer.from(formatNote(text, [{ name, keyId, signature }]));
  }

  async writeFile(name: string, content: string | Uint8Array): Promise<string> {
    await mkdir(this.directory, { recursive: true });
    await writeFile(this.path(name), content);
    return this.path(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Objects in a directory, which can be switched off. */
export function objectsIn(directory: string): SwitchedObjects {
  const root = new RootDirectory(dirname(directory));
  return new SwitchedObjects(new FileObjects({ root, path: basename(directory), timeoutMs: 10_000 }));
}

/** All objects, to be compared. */
export async function contentOf(objects: ObjectStore, prefix = ""): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for await (const { key } of objects.list(prefix)) {
    content.set(key, (await objects.get(key))!.toString("latin1"));
  }
  return content;
}
