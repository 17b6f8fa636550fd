import { setImmediate } from "node:timers/promises";
import {
  HASH_LENGTH_BYTES,
  nodeFromTile,
  parseTile,
  tileOfNode,
  type Hash,
  type NodeId,
  type ReadHashes,
  type Tile,
} from "@stele/proof";
import type { EntryBlocks } from "./entry-blocks.ts";
import { nativeHasher } from "./native-hasher.ts";
import type { TreeStore } from "./tree-store.ts";

interface TileNodes {
  readonly tile: Tile;
  readonly nodes: NodeId[];
}

/** Others get a turn after so many tiles: a tile costs up to 255 hashes. */
const TILES_IN_A_ROW = 32;

/**
 * Reads the hashes of many nodes all over the tree, for a proof of many leaves: each tile once, those of sealed entries
 * in the order in which they are stored.
 */
export function batchHashes(treeSize: number, tree: TreeStore, blocks: EntryBlocks): ReadHashes {
  return async (nodes) => {
    const found = new Map<NodeId, Hash>();
    const take = ({ tile, nodes: inside }: TileNodes, bytes: Uint8Array) => {
      const hashes = parseTile(bytes, tile.width);
      for (const node of inside) found.set(node, nodeFromTile(hashes, node, nativeHasher));
    };
    const sealed = new Map<number, TileNodes>();
    for (const [i, group] of tilesOf(nodes, treeSize).entries()) {
      if (i % TILES_IN_A_ROW === TILES_IN_A_ROW - 1) await setImmediate();
      const { level, index, width } = group.tile;
      const bytes = tree.tile(level, index, width);
      if (bytes) take(group, bytes);
      else sealed.set(index, group);
    }
    const wanted = [...sealed.keys()].toSorted((a, b) => a - b);
    for await (const [n, leafHashes] of blocks.leafHashes(wanted)) {
      const group = sealed.get(n)!;
      take(group, leafHashes.subarray(0, group.tile.width * HASH_LENGTH_BYTES));
    }
    return nodes.map((node) => found.get(node)!);
  };
}

function tilesOf(nodes: readonly NodeId[], treeSize: number): TileNodes[] {
  const tiles = new Map<string, TileNodes>();
  for (const node of nodes) {
    const tile = tileOfNode(node, treeSize);
    const key = `${tile.level}/${tile.index}`;
    const known = tiles.get(key);
    if (known) known.nodes.push(node);
    else tiles.set(key, { tile, nodes: [node] });
  }
  return [...tiles.values()];
}
