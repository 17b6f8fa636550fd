import { ed25519 } from "@noble/curves/ed25519.js";
import { verifyCheckpoint, formatCheckpoint, type VerifiedCheckpoint } from "../checkpoint.ts";
import { CompactRange, type VisitNode } from "../compact-range.ts";
import { signCosignature } from "../cosignature.ts";
import { formatEntryBundle } from "../entry-bundle.ts";
import { sha256Hasher, type Hash, type Hasher } from "../hasher.ts";
import { formatNote, noteVerifier, parseNote, signNote, type NoteSigner } from "../note.ts";
import type { ReadHashes } from "../proof-plan.ts";
import { formatTile, TILE_HEIGHT, TILE_WIDTH, tilesBetween } from "../tile.ts";
import { formatTilePath } from "../tile-path.ts";
import { encodeUtf8 } from "../utf8.ts";
import { makeVerifierKey, SIGNATURE_TYPE_COSIGNATURE, SIGNATURE_TYPE_ED25519 } from "../verifier-key.ts";

export const ORIGIN = "log.example/test";

/** Private keys for tests only: 32 times the same byte. */
export function testSigner(name: string, seed: number): NoteSigner {
  const secretKey = new Uint8Array(32).fill(seed);
  const key = makeVerifierKey(name, SIGNATURE_TYPE_ED25519, ed25519.getPublicKey(secretKey));
  return { key, sign: (text) => ed25519.sign(text, secretKey) };
}

export interface TestWitness {
  readonly key: NoteSigner["key"];
  cosign(note: Uint8Array, timestampSeconds: number): Promise<Uint8Array>;
}

export function testWitness(name: string, seed: number): TestWitness {
  const secretKey = new Uint8Array(32).fill(seed);
  const key = makeVerifierKey(name, SIGNATURE_TYPE_COSIGNATURE, ed25519.getPublicKey(secretKey));
  const sign = (message: Uint8Array) => ed25519.sign(message, secretKey);
  return {
    key,
    async cosign(note, timestampSeconds) {
      const { text, signatures } = parseNote(note);
      const cosignature = await signCosignature(text, timestampSeconds, key, sign);
      return formatNote(text, [...signatures, cosignature]);
    },
  };
}

/** A log in memory, which keeps all of its hashes. */
export class TestLog {
  readonly signer = testSigner(ORIGIN, 1);
  readonly verifier = noteVerifier(this.signer.key);
  readonly entries: Uint8Array[] = [];
  readonly roots: Hash[] = [];
  readonly #hashes = new Map<string, Hash>();
  readonly #checkpoints = new Map<number, VerifiedCheckpoint>();

  constructor(
    treeSize: number,
    contents = (index: number) => `entry ${index}`,
    hasher: Hasher = sha256Hasher,
  ) {
    const onNode: VisitNode = (level, index, hash) => this.#hashes.set(`${level}/${index}`, hash);
    const range = new CompactRange({ hasher, onNode });
    for (let index = 0; index < treeSize; index++) {
      this.roots.push(range.root());
      const entry = encodeUtf8(contents(index));
      const leafHash = hasher.leaf(entry);
      this.entries.push(entry);
      this.#hashes.set(`0/${index}`, leafHash);
      range.append(leafHash);
    }
    this.roots.push(range.root());
  }

  get treeSize(): number {
    return this.entries.length;
  }

  hash(level: number, index: number): Hash {
    const hash = this.#hashes.get(`${level}/${index}`);
    if (!hash) throw new Error(`no hash ${level}/${index}`);
    return hash;
  }

  readonly readHashes: ReadHashes = async (nodes) => nodes.map(({ level, index }) => this.hash(level, index));

  async signedCheckpoint(treeSize = this.treeSize): Promise<Uint8Array> {
    const text = formatCheckpoint({ origin: ORIGIN, treeSize, root: this.roots[treeSize]! });
    return await signNote(text, [this.signer]);
  }

  async checkpoint(treeSize = this.treeSize): Promise<VerifiedCheckpoint> {
    const checkpoint =
      this.#checkpoints.get(treeSize) ??
      verifyCheckpoint(await this.signedCheckpoint(treeSize), this.verifier);
    this.#checkpoints.set(treeSize, checkpoint);
    return checkpoint;
  }

  /** All tiles and bundles of the tree by path, as a log serves them; new copies each time. */
  resources(treeSize = this.treeSize): Map<string, Uint8Array> {
    const resources = new Map<string, Uint8Array>();
    for (const tile of tilesBetween(0, treeSize)) {
      const at = (i: number) => tile.index * TILE_WIDTH + i;
      const hashes = Array.from({ length: tile.width }, (_, i) => this.hash(tile.level * TILE_HEIGHT, at(i)));
      resources.set(formatTilePath(tile), formatTile(hashes));
      if (tile.level === 0) {
        const bundle = formatEntryBundle(this.entries.slice(at(0), at(tile.width)));
        resources.set(formatTilePath({ ...tile, level: "entries" }), bundle);
      }
    }
    return resources;
  }
}

/** Fetches from a map, and notes the paths. */
export function fetchFrom(resources: ReadonlyMap<string, Uint8Array>, fetched: string[] = []) {
  return async (path: string): Promise<Uint8Array> => {
    fetched.push(path);
    const bytes = resources.get(path);
    if (!bytes) throw new Error(`404 ${path}`);
    return bytes;
  };
}
