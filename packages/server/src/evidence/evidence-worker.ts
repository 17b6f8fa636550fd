import { parentPort, workerData } from "node:worker_threads";
import { completenessOf, verifyEvidence, type Evidence } from "@stele/proof";
import { nativeEd25519 } from "../log/native-ed25519.ts";
import { nativeHasher } from "../log/native-hasher.ts";
import { packEvidence } from "./evidence-file.ts";

/*
 * Finishes one bundle beside the node's own thread: texts of many megabytes are formatted, hashed and compressed. A bundle
 * that does not verify never leaves the node.
 */
const parts = workerData as Omit<Evidence, "provable">;
const evidence: Evidence = { ...parts, provable: completenessOf(parts.entries) };
verifyEvidence(evidence, {}, { hasher: nativeHasher, verifySignature: nativeEd25519() });
const file = packEvidence(evidence);
parentPort!.postMessage(file);
