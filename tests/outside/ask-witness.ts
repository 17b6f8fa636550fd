/*
 * Asks a witness what a log asks, and what it must refuse, and verifies its cosignatures.
 * `node tests/outside/ask-witness.ts key` prints the key of the log that asks; `… URL WITNESS_VKEY` asks.
 */
import assert from "node:assert/strict";
import {
  cosignatureVerifier,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  parseNote,
  parseSignatureLine,
  proveConsistency,
  signNote,
  verifyCheckpoint,
} from "@stele/proof";
import { TestLog, testSigner } from "../../packages/proof/src/testing/test-log.ts";

const log = new TestLog(300);
const fork = new TestLog(300, (index) => `forked ${index}`);
const [url = "", witnessKey = ""] = process.argv.slice(2);
if (url === "key") {
  console.log(formatVerifierKey(log.signer.key));
  process.exit(0);
}

interface Question {
  readonly oldTreeSize: number;
  readonly treeSize: number;
  readonly tree?: TestLog;
  readonly signer?: typeof log.signer;
  readonly origin?: string;
}

async function ask({ oldTreeSize, treeSize, tree = log, signer = log.signer, origin }: Question) {
  const proof = await proveConsistency(oldTreeSize, Math.max(oldTreeSize, treeSize), tree.readHashes);
  const root = tree.roots[treeSize]!;
  const text = formatCheckpoint({ origin: origin ?? log.signer.key.name, treeSize, root });
  const checkpoint = await signNote(text, [signer]);
  const body = formatAddCheckpoint({ oldTreeSize, proof, checkpoint });
  const response = await fetch(`${url}/add-checkpoint`, { method: "POST", body: Buffer.from(body) });
  const answer = await response.text();
  if (response.status === 200) {
    const lines = answer.trimEnd().split("\n").map(parseSignatureLine);
    const cosigned = formatNote(text, [...parseNote(checkpoint).signatures, ...lines]);
    verifyCheckpoint(cosigned, log.verifier, {
      witnesses: [cosignatureVerifier(witnessKey)],
      quorum: ({ size }) => size === 1,
    });
  }
  return { status: response.status, type: response.headers.get("content-type") ?? "", answer };
}

async function expectStatus(what: string, question: Question, ...allowed: readonly number[]): Promise<void> {
  const { status, answer } = await ask(question);
  console.log(`  ${status}  ${what}`);
  assert(allowed.includes(status), `${what}: ${status} ${answer}, not ${allowed.join(" or ")}`);
}

async function expectConflict(what: string, question: Question, size: number): Promise<void> {
  const { status, type, answer } = await ask(question);
  console.log(`  ${status}  ${what}: ${answer.trimEnd()}`);
  assert.deepEqual([status, type, answer], [409, "text/x.tlog.size", `${size}\n`], what);
}

// Where others differ from the specification (older versions of it; omniwitness answers 500 to a log or a key that it does not know), both
// answers are allowed. Ours are tested exactly, in packages/server/src/witness.
await expectStatus("the first checkpoint", { oldTreeSize: 0, treeSize: 7 }, 200);
await expectStatus("a larger one", { oldTreeSize: 7, treeSize: 100 }, 200);
await expectStatus("the same again", { oldTreeSize: 100, treeSize: 100 }, 200);
await expectConflict("an old size that is too small", { oldTreeSize: 7, treeSize: 200 }, 100);
await expectConflict("no old size", { oldTreeSize: 0, treeSize: 200 }, 100);
await expectStatus("another history", { oldTreeSize: 100, treeSize: 200, tree: fork }, 422);
await expectStatus("another root for the size", { oldTreeSize: 100, treeSize: 100, tree: fork }, 409, 422);
await expectStatus("an old size that is larger", { oldTreeSize: 101, treeSize: 50 }, 400, 409);
const stranger = testSigner(log.signer.key.name, 99);
await expectStatus("a stranger's key", { oldTreeSize: 100, treeSize: 200, signer: stranger }, 403, 500);
await expectStatus(
  "another log",
  { oldTreeSize: 0, treeSize: 7, origin: "log.example/unknown" },
  404,
  403,
  500,
);
await expectStatus("and on", { oldTreeSize: 100, treeSize: 300 }, 200);
