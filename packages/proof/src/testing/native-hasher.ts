import { hash } from "node:crypto";
import type { Hasher } from "../hasher.ts";

/** SHA-256 of Node, as the server injects it. */
export const nativeHasher: Hasher = {
  leaf: (entry) => sha256(Uint8Array.of(0), entry),
  node: (left, right) => sha256(Uint8Array.of(1), left, right),
};

function sha256(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(hash("sha256", Buffer.concat(parts), "buffer"));
}
