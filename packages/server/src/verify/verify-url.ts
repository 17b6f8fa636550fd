import {
  formatNote,
  TILE_WIDTH,
  TileReader,
  verifyCheckpoint,
  type FetchPath,
  type LogKeys,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { chooseKeys, recall, remember, seenWith } from "./remembered.ts";
import { checkPlace, rememberPlace } from "./remembered-places.ts";
import { nothingChecked, type VerificationReport, type VerifyOptions } from "./report.ts";
import { cosigningRules, trustedKeys, witnessedBy } from "./trusted-policy.ts";
import { SourceAudit, type FetchSources } from "./source-audit.ts";
import { TimeAudit } from "./time-audit.ts";
import { TreeAudit } from "./tree-audit.ts";

const PROGRESS_ENTRIES = 4096;

export interface RemoteLog {
  /** For people. */
  readonly url: string;
  /** The origin and vkey that the log shows of itself; untrusted. */
  readonly origin: string;
  readonly vkey: string;
  /** The statements about its keys, in order; untrusted. */
  readonly statements: readonly Uint8Array[];
  /** Reads a C2SP tlog-tiles resource, such as `checkpoint` or `tile/entries/000`. */
  readonly fetch: FetchPath;
  /** Reads the newest signed checkpoint; undefined if the log tells no more than it has published. */
  readonly fetchHead?: () => Promise<Uint8Array | undefined>;
  /** Reads what the node says of its sources, if it is a node. */
  readonly fetchSources?: FetchSources;
}

/**
 * Verifies a whole log over HTTP, from nothing but its tlog-tiles: every entry is fetched and hashed, the tree is
 * rebuilt and compared with the signed checkpoint and with the one that the last verification saw. Every hash tile is
 * fetched, too: a wrong one could fool nobody, but no client could prove anything with it.
 *
 * @throws VerificationError with the first difference; UnavailableError
 */
export async function verifyRemoteLog(log: RemoteLog, options: VerifyOptions): Promise<VerificationReport> {
  const started = performance.now();
  const remembered = await recall(options.stateDirectory, log.origin);
  const chosen = chooseKeys(log, trustedKeys(options, log.origin), remembered);
  const { keys, vkey, keyFrom } = chosen;
  await checkPlace(options.stateDirectory, log.url, chosen);
  const { policy } = options;
  const sources = new SourceAudit(log.url);
  if (log.fetchSources) await sources.ask(log.fetchSources);
  const published = verifyCheckpoint(await log.fetch("checkpoint"), keys, cosigningRules(policy));
  const audit = new TreeAudit();
  const checked = { ...nothingChecked(), checkpoints: 1 };
  const last = remembered && verifyCheckpoint(Buffer.from(remembered.checkpoint), keys);
  if (last) {
    audit.claim({ ...last, place: "The checkpoint that the last verification saw" });
    checked.checkpoints++;
  }
  // What was verified last may have been committed, and not published yet.
  const isOlder = last !== undefined && last.treeSize > published.treeSize;
  const checkpoint = (isOlder && (await committedHead(log, keys))) || published;
  if (checkpoint !== published) {
    audit.claim({ ...published, place: `The published checkpoint of ${log.url}` });
    checked.checkpoints++;
  }
  const reader = new TileReader(checkpoint, log.fetch, { hasher: nativeHasher });
  const times = new TimeAudit();
  let leafTile: Promise<unknown> = Promise.resolve();
  for await (const { leafIndex, entry, leafHash } of reader.readEntries(0, checkpoint.treeSize)) {
    if (leafIndex % TILE_WIDTH === 0) {
      await leafTile;
      // Reading any of its hashes authenticates the whole tile; those above it are read on the way.
      leafTile = reader.readHashes([{ level: 0, index: leafIndex }]);
      leafTile.catch(() => undefined); // until it is awaited
    }
    audit.appendLeaves(leafHash);
    times.entry(entry, leafIndex);
    sources.add(entry, leafIndex);
    checked.bytes += entry.length;
    if (++checked.entries % PROGRESS_ENTRIES === 0) {
      options.onProgress?.({ done: checked.entries, total: checkpoint.treeSize });
    }
  }
  await leafTile;
  audit.claim({ ...checkpoint, place: `The checkpoint of ${log.url}` });
  audit.finish();
  const found = sources.finish();
  await remember(options.stateDirectory, log.origin, seenWith(chosen, noteText(checkpoint)));
  await rememberPlace(options.stateDirectory, log.url, chosen);
  const witnessed = witnessedBy(policy, published);
  const implausible = times.implausible(Date.now());
  return {
    target: "url",
    place: log.url,
    origin: log.origin,
    vkey,
    keyFrom,
    treeSize: checkpoint.treeSize,
    root: Buffer.from(checkpoint.root).toString("base64"),
    checked,
    extendsSize: last?.treeSize,
    ...(witnessed && { witnessed }),
    ...(implausible && { times: implausible }),
    sources: found,
    seconds: (performance.now() - started) / 1000,
  };
}

async function committedHead(
  { fetchHead }: RemoteLog,
  keys: LogKeys,
): Promise<VerifiedCheckpoint | undefined> {
  const note = await fetchHead?.();
  return note && verifyCheckpoint(note, keys);
}

function noteText({ note: { text, signatures } }: VerifiedCheckpoint): string {
  return Buffer.from(formatNote(text, signatures)).toString();
}
