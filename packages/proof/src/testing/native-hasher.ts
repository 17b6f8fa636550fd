import { hash } from "node:crypto";
import type { Hasher } from "../hasher.ts";

const nodeInput = new Uint8Array(65).fill(1, 0, 1);

/** SHA-256 of Node, as the server injects it. */
export const nativeHasher: Hasher = {
  leaf(entry) {
    const input = new Uint8Array(1 + entry.length);
    input.set(entry, 1);
    return new Uint8Array(hash("sha256", input, "buffer"));
  },
  node(left, right) {
    nodeInput.set(left, 1);
    nodeInput.set(right, 33);
    return new Uint8Array(hash("sha256", nodeInput, "buffer"));
  },
};
