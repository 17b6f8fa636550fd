/*
 * Both verifiers of evidence, ours and the one of docs/spec, look at the same bundles and must say the same of each: good
 * ones with all kinds of trust, and bad ones. `evidence.ts PYTHON [FILE VKEY]`: also a bundle that a node made.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  completenessOf,
  decodeUtf8,
  encodeUtf8,
  formatCheckpoint,
  formatVerifierKey,
  parsePolicy,
  signKeyStatement,
  signNote,
  SteleError,
  type Evidence,
} from "../../packages/proof/src/index.ts";
import {
  evidenceLog,
  hostileEvidence,
  testEvidence,
  testPolicy,
  textOfEvidence,
  witnesses,
} from "../../packages/proof/src/testing/test-evidence.ts";
import { ORIGIN, testSigner } from "../../packages/proof/src/testing/test-log.ts";
import { verifyEvidenceFile } from "../../packages/server/src/index.ts";

const [python = "python3", madeByNode, nodeKey] = process.argv.slice(2);
const verifier = new URL("../../docs/spec/verify.py", import.meta.url).pathname;
const work = await mkdtemp(join(tmpdir(), "stele-outside-"));
const file = join(work, "case.stele-evidence");
const policyFile = join(work, "policy");

interface Trust {
  readonly key?: string;
  readonly policy?: string;
}

interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly trust: Trust;
  readonly good: boolean;
}

const logKey = formatVerifierKey(evidenceLog.signer.key);
const next = testSigner(ORIGIN, 7);
const nextKey = formatVerifierKey(next.key);
const strangerKey = formatVerifierKey(testSigner(ORIGIN, 9).key);
const indexes = [3, 4, 5, 60, 99];
const evidence = await testEvidence(indexes);
const bundle = textOfEvidence(evidence);

const cases: Case[] = [];
const add = (name: string, good: boolean, text: string, trust: Trust = { key: logKey }) => {
  cases.push({ name, bytes: gzipSync(text), trust, good });
};
const bad = (name: string, text: string, trust?: Trust) => {
  if (text === bundle) throw new Error(`${name}: nothing was changed`);
  add(name, false, text, trust);
};

for (const trust of [{}, { key: logKey }, { policy: testPolicy }]) {
  add(`good, trusting ${Object.keys(trust).join() || "nothing"}`, true, bundle, trust);
}
for (const some of [[], [0], [99], [0, 99], [0, 1, 2, 3, 4], Array.from({ length: 100 }, (_, i) => i)]) {
  for (const size of [100, 64, 1]) {
    if ((some.at(-1) ?? 0) < size)
      add(`${some.length} of ${size}`, true, textOfEvidence(await testEvidence(some, size)));
  }
}
add("entries that want to be more than text", true, textOfEvidence(await hostileEvidence()));
cases.push({ name: "not compressed", bytes: Buffer.from(bundle), trust: {}, good: true });

// Wrong trust.
add("another key", false, bundle, { key: strangerKey });
add("a policy with another log", false, bundle, { policy: testPolicy.replace(logKey, strangerKey) });

// Cosignatures.
const note = await evidenceLog.signedCheckpoint(100);
const cosignedOnce = decodeUtf8(await witnesses[0]!.cosign(note, 1));
const few = textOfEvidence({ ...evidence, checkpoint: cosignedOnce });
add("one cosignature, by the file's policy", true, few);
add("one cosignature of two", false, few, { policy: testPolicy });
add("one cosignature of any", true, few, { policy: testPolicy.replace("both all", "both any") });
add("no quorum", true, few, { policy: testPolicy.replace("quorum both", "quorum none") });
const nested = `${testPolicy.replace(/group.*\n.*\n/, "")}group a 1 one two\ngroup b all a\nquorum b\n`;
add("no group of one member only", false, few, { policy: nested.replace("group b all a", "group b 2 a") });
const forged = evidence.checkpoint.replace(/.{8}(.{4})\n$/, "AAAAAAAA$1\n");
for (const trust of [{}, { key: logKey }, { policy: testPolicy }]) {
  add("a wrong cosignature", false, textOfEvidence({ ...evidence, checkpoint: forged }), trust);
}

// The succession of keys.
const statement = decodeUtf8(
  await signKeyStatement(
    { kind: "succession", origin: ORIGIN, before: logKey, after: nextKey, treeSize: 50 },
    [evidenceLog.signer, next],
  ),
);
const retirement = decodeUtf8(
  await signKeyStatement({ kind: "retirement", origin: ORIGIN, vkey: logKey, treeSize: 60 }, [next]),
);
const signedBy = async (signer: typeof next, treeSize = 100) =>
  decodeUtf8(
    await signNote(formatCheckpoint({ origin: ORIGIN, treeSize, root: evidenceLog.roots[treeSize]! }), [
      signer,
    ]),
  );
const succeeded = { ...evidence, checkpoint: await signedBy(next), succession: [statement] };
for (const key of [logKey, nextKey]) add("a changed key", true, textOfEvidence(succeeded), { key });
add("a changed key, by the file", true, textOfEvidence(succeeded), {});
add("a changed key, without the statement", false, textOfEvidence({ ...succeeded, succession: [] }));
add("a key outside of the succession", false, textOfEvidence(succeeded), { key: strangerKey });
const retired = { ...succeeded, succession: [statement, retirement] };
add("a key retired", true, textOfEvidence(retired));
add("a retired key", false, textOfEvidence({ ...retired, checkpoint: await signedBy(evidenceLog.signer) }));
const early = {
  ...(await testEvidence([1], 20)),
  checkpoint: await signedBy(next, 20),
  succession: [statement],
};
add("a new key for what is old", false, textOfEvidence(early));
add("a retirement first", false, textOfEvidence({ ...retired, succession: [retirement, statement] }));
const unsigned = statement.split("\n").slice(0, -2).join("\n");
add("a statement of one signature", false, textOfEvidence({ ...succeeded, succession: [`${unsigned}\n`] }));

// Whatever else is changed.
const changed = (change: Partial<Evidence>) => textOfEvidence({ ...evidence, ...change });
const { entries, proof, declared, provable } = evidence;
bad("another entry", bundle.replace("door.opened", "door.closed"));
bad("another index", bundle.replace('"index":60', '"index":61'));
bad("an index outside", bundle.replace('"index":99', '"index":100'));
bad("an entry less", changed({ entries: entries.slice(1), provable: completenessOf(entries.slice(1)) }));
bad("an entry twice", changed({ entries: [entries[0]!, ...entries] }));
bad("entries in another order", changed({ entries: entries.toReversed() }));
bad("a hash less", changed({ proof: proof.slice(1) }));
bad("a hash more", changed({ proof: [...proof, proof[0]!] }));
bad("hashes in another order", changed({ proof: proof.toReversed() }));
bad("a proof and no entries", changed({ entries: [], provable: completenessOf([]) }));
bad("another root", bundle.replace(/(\\n100\\n)./, "$1A"));
bad("another size", bundle.replace(String.raw`\n100\n`, String.raw`\n101\n`));
bad("another origin", bundle.replace('"log.example/test', '"log.example/tesT'));
bad("a run that is none", changed({ provable: { ...provable, run: { first: 3, last: 99 } } }));
bad("a gap that is not told", bundle.replace('"missing":30', '"missing":0'));
bad("a source that is not told", changed({ provable: { run: undefined, sources: [] } }));
bad("more searched than there is", changed({ declared: { ...declared, searchedSize: 101 } }));
bad("less searched than was found", changed({ declared: { ...declared, searchedSize: 99 } }));
bad("an entry that is no object", bundle.replace(/"entry":"(\\.|[^"])*"\}\]/, '"entry":"7"}]'));
bad("another version", bundle.replace("evidence/v1", "evidence/v2"));
bad("white space", bundle.replace(":", ": "));
bad("a field more", `${bundle.slice(0, -1)},"x":1}`);
bad("a field twice", bundle.replace('"succession":[]', '"succession":[],"succession":[]'));
bad("an escape that is not needed", bundle.replace("auditor", String.raw`\u0061uditor`));
bad("a number in another form", bundle.replace('"index":99', '"index":9.9e1'));
bad("a number with a fraction", bundle.replace('"index":99', '"index":99.0'));
bad("base64 that is not canonical", bundle.replace(/"proof":"([^"]*)"/, '"proof":"$1AA=="'));
bad("no time", bundle.replace("2026-01-06T08:00:00.000Z", "2026-01-06"));
bad("half a surrogate pair", bundle.replace("auditor", String.raw`\ud800`));
bad("no policy", changed({ policy: "" }), {});
bad("a policy without this log", changed({ policy: "quorum none\n" }), {});
bad("its end cut off", bundle.slice(0, -1));
cases.push({ name: "gzip cut off", bytes: gzipSync(bundle).subarray(0, 300), trust: {}, good: false });
cases.push({ name: "a bomb", bytes: gzipSync(Buffer.alloc(80 << 20)), trust: {}, good: false });

if (madeByNode !== undefined && nodeKey !== undefined) {
  const bytes = await readFile(madeByNode);
  const text = gunzipSync(bytes).toString();
  cases.push({ name: "made by a node", bytes, trust: { key: nodeKey }, good: true });
  cases.push({ name: "made by a node, trusting nothing", bytes, trust: {}, good: true });
  cases.push({ name: "made by a node, another key", bytes, trust: { key: logKey }, good: false });
  const closed = text.replace(String.raw`\"outcome\":\"success\"`, String.raw`\"outcome\":\"failure\"`);
  if (closed === text) throw new Error("The node's bundle has no success");
  add("made by a node, another outcome", false, closed, { key: nodeKey });
}

/** Whether ours accepts it. A bundle that is neither good nor bad, but breaks it, is an error. */
async function ours({ name, bytes, trust: { key, policy } }: Case): Promise<boolean> {
  try {
    await verifyEvidenceFile(name, bytes, {
      stateDirectory: join(work, "state"),
      ...(key !== undefined && { key }),
      ...(policy !== undefined && { policy: parsePolicy(encodeUtf8(policy)) }),
    });
    return true;
  } catch (error) {
    if (error instanceof SteleError) return false;
    throw error;
  }
}

/** Whether that of docs/spec does. */
async function theirs({ bytes, trust: { key, policy } }: Case): Promise<boolean> {
  await writeFile(file, bytes);
  if (policy !== undefined) await writeFile(policyFile, policy);
  const trust = key !== undefined ? ["--key", key] : policy !== undefined ? ["--policy", policyFile] : [];
  const { status, stderr } = spawnSync(python, [verifier, file, ...trust], { encoding: "utf8" });
  if (status === 0) return true;
  if (status === 1 && stderr.startsWith("not verified: ")) return false;
  throw new Error(`verify.py broke: ${stderr}`);
}

let wrong = 0;
try {
  for (const one of cases) {
    const found = [await ours(one), await theirs(one)];
    if (found.every((accepted) => accepted === one.good)) continue;
    console.log(
      `${one.name} is ${one.good ? "good" : "bad"}; accepted by ours: ${found[0]}, by verify.py: ${found[1]}`,
    );
    wrong++;
  }
} finally {
  await rm(work, { recursive: true });
}
const good = cases.filter((one) => one.good).length;
console.log(
  `${good} good bundles and ${cases.length - good} bad ones: the verifiers were wrong about ${wrong}`,
);
process.exitCode = wrong === 0 ? 0 : 1;
