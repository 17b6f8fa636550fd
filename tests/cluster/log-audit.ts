import { createHash } from "node:crypto";
import type { Ledger } from "./ledger.ts";

export interface LogAudit {
  readonly treeSize: number;
  /** Acknowledged, and not in the log. */
  readonly lost: number;
  /** In the log more than once. */
  readonly doubled: number;
  /** Acknowledged at another index, or with another hash, than the log has. */
  readonly misplaced: number;
  /** In the log, and never sent. */
  readonly foreign: number;
  /** Some of each, for whoever has to find out why. */
  readonly examples: readonly string[];
}

const BUNDLE_ENTRIES = 256;
const BUNDLES_AT_ONCE = 4;
const EXAMPLES_MAX = 20;

/**
 * Reads the whole log over its public tiles and holds it against the ledger. Shares no code with Stele: paths, bundles,
 * hashes and the tree are done here once more, from the specifications (c2sp.org/tlog-tiles, RFC 6962).
 *
 * @throws Error if the entries don't hash to the root of the checkpoint
 */
export async function auditLog(url: string, ledger: Ledger): Promise<LogAudit> {
  const { treeSize, root } = await readCheckpoint(url);
  const seenAt = new Float64Array(ledger.sent).fill(-1);
  const examples: string[] = [];
  const found = { doubled: 0, misplaced: 0, foreign: 0, lost: 0 };
  const note = (kind: keyof typeof found, example: string) => {
    found[kind]++;
    if (examples.length < EXAMPLES_MAX) examples.push(`${kind}: ${example}`);
  };
  const tree = new Tree();
  for await (const { index, entry } of readEntries(url, treeSize)) {
    const leaf = sha256(Buffer.from([0]), entry);
    tree.add(leaf);
    const { id } = JSON.parse(entry.toString()) as { id: string };
    const number = ledger.numberOf(id);
    if (number === undefined) {
      note("foreign", `${id} at ${index}`);
      continue;
    }
    if (seenAt[number]! >= 0) note("doubled", `${id} at ${seenAt[number]} and ${index}`);
    seenAt[number] = index;
    const told = ledger.acknowledgementOf(number);
    if (told && (told.index !== index || told.leafHash !== leaf.toString("base64"))) {
      note("misplaced", `${id} is at ${index}, and was acknowledged at ${told.index}`);
    }
  }
  if (!tree.root().equals(root)) throw new Error(`${url}: ${treeSize} entries don't hash to the signed root`);
  for (let number = 0; number < ledger.sent; number++) {
    if (seenAt[number]! < 0 && ledger.acknowledgementOf(number)) note("lost", ledger.idOf(number));
  }
  return { treeSize, ...found, examples };
}

export async function readCheckpoint(url: string): Promise<{ treeSize: number; root: Buffer }> {
  const [, size, root] = (await get(`${url}/logs/main/checkpoint`)).toString().split("\n");
  return { treeSize: Number(size), root: Buffer.from(root!, "base64") };
}

async function* readEntries(url: string, treeSize: number): AsyncGenerator<{ index: number; entry: Buffer }> {
  const bundles = Math.ceil(treeSize / BUNDLE_ENTRIES);
  for (let first = 0; first < bundles; first += BUNDLES_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(BUNDLES_AT_ONCE, bundles - first) }, (_, i) => first + i);
    const bodies = await Promise.all(
      numbers.map((number) => {
        const width = Math.min(BUNDLE_ENTRIES, treeSize - number * BUNDLE_ENTRIES);
        return get(
          `${url}/logs/main/tile/entries/${tileNumber(number)}${width < BUNDLE_ENTRIES ? `.p/${width}` : ""}`,
        );
      }),
    );
    for (const [i, body] of bodies.entries()) {
      let index = numbers[i]! * BUNDLE_ENTRIES;
      for (let at = 0; at < body.length; index++) {
        const length = body.readUInt16BE(at);
        yield { index, entry: body.subarray(at + 2, at + 2 + length) };
        at += 2 + length;
      }
    }
  }
}

/** 1234067 is x001/x234/067. */
function tileNumber(number: number): string {
  const digits = String(number);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g)!;
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}

/** The Merkle tree of RFC 6962, as the perfect subtrees that its leaves make up so far, the largest first. */
class Tree {
  readonly #subtrees: { readonly height: number; readonly hash: Buffer }[] = [];

  add(leaf: Buffer): void {
    let subtree = { height: 0, hash: leaf };
    while (this.#subtrees.at(-1)?.height === subtree.height) {
      subtree = { height: subtree.height + 1, hash: node(this.#subtrees.pop()!.hash, subtree.hash) };
    }
    this.#subtrees.push(subtree);
  }

  root(): Buffer {
    const hashes = this.#subtrees.map(({ hash }) => hash);
    return hashes.length === 0 ? sha256() : hashes.reduceRight((right, left) => node(left, right));
  }
}

function node(left: Buffer, right: Buffer): Buffer {
  return sha256(Buffer.from([1]), left, right);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}
