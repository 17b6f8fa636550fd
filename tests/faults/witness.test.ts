import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  cosignatureVerifier,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  noteVerifier,
  parseNote,
  parseSignatureLine,
  proveConsistency,
  signNote,
  verifyCheckpoint,
} from "@stele/proof";
import { TestLog, testSigner } from "../../packages/proof/src/testing/test-log.ts";
import { originHash } from "../../packages/server/src/witness/witnessed-logs.ts";
import { post, WitnessRig } from "../../packages/server/src/witness/testing/witness-rig.ts";
import { NodeProcess } from "./node-process.ts";

const MAIN = new URL("witness-main.ts", import.meta.url).pathname;
const KILLS = 25;
const LOGS = 4;
const SIZE = 600;
const CLIENTS = 8;

/** A log with two histories: forks at several places, all of them signed with its key. */
const histories = [0, 1, 50, 300].map(
  (fork) =>
    new TestLog(SIZE, (index) => (index >= fork && fork > 0 ? `fork ${fork} ${index}` : `entry ${index}`)),
);
const signers = Array.from({ length: LOGS }, (_, i) => testSigner(`log.example/${i}`, 10 + i));

/** Holds every cosignature that was ever given against every other. */
class Ledger {
  readonly #roots = new Map<string, string>();
  readonly #newest = new Map<string, number>();
  count = 0;

  readonly witnessKey: string;

  constructor(witnessKey: string) {
    this.witnessKey = witnessKey;
  }

  /** What an answer says, once it is verified. `startedAfter`: what had been answered before the request was sent. */
  receive(origin: string, checkpoint: Uint8Array, line: string, startedAfter: number): void {
    const { text, signatures } = parseNote(checkpoint);
    const cosigned = formatNote(text, [...signatures, parseSignatureLine(line.trimEnd())]);
    const signer = signers.find(({ key }) => key.name === origin)!;
    const { treeSize, root } = verifyCheckpoint(cosigned, verifierOf(signer), {
      witnesses: [cosignatureVerifier(this.witnessKey)],
      quorum: ({ size }) => size === 1,
    });
    const id = `${origin} ${treeSize}`;
    const hex = Buffer.from(root).toString("hex");
    const known = this.#roots.get(id);
    if (known !== undefined && known !== hex) throw new Error(`Two roots were cosigned for ${id}`);
    if (treeSize < startedAfter) throw new Error(`${id} was cosigned after ${startedAfter}`);
    this.#roots.set(id, hex);
    this.#newest.set(origin, Math.max(this.newest(origin), treeSize));
    this.count++;
  }

  newest(origin: string): number {
    return this.#newest.get(origin) ?? 0;
  }

  /** All sizes that were cosigned of a log, with their roots. */
  cosigned(origin: string): [number, string][] {
    return [...this.#roots]
      .filter(([id]) => id.startsWith(`${origin} `))
      .map(([id, root]) => [Number(id.split(" ")[1]), root]);
  }
}

function verifierOf(signer: (typeof signers)[number]) {
  return noteVerifier(signer.key);
}

function hexRoot(log: TestLog, treeSize: number): string {
  return Buffer.from(log.roots[treeSize]!).toString("hex");
}

/** The state must be as new as what was answered, and all of that be one history. */
async function compare(url: string, ledger: Ledger): Promise<void> {
  for (const signer of signers) {
    const origin = signer.key.name;
    const newest = ledger.newest(origin);
    const response = await fetch(`${url}/${originHash(origin)}/checkpoint`);
    if (newest === 0 && response.status === 404) continue;
    const shown = verifyCheckpoint(new Uint8Array(await response.arrayBuffer()), verifierOf(signer), {
      witnesses: [cosignatureVerifier(ledger.witnessKey)],
      quorum: ({ size }) => size === 1,
    });
    if (shown.treeSize < newest) throw new Error(`${origin} went back from ${newest} to ${shown.treeSize}`);
    // All that was cosigned is one history.
    const all = ledger.cosigned(origin);
    const one = histories.some((log) => all.every(([treeSize, root]) => hexRoot(log, treeSize) === root));
    if (!one) throw new Error(`Cosignatures of ${origin} are of several histories`);
  }
}

describe("a witness", () => {
  let rig: WitnessRig;
  beforeEach(async () => {
    rig = await WitnessRig.make(2);
  });
  afterEach(() => rig.remove());

  const options = () => ({
    ...rig.options,
    logKeys: signers.map(({ key }) => formatVerifierKey(key)),
    init: false,
  });
  const start = () => NodeProcess.start(options(), MAIN);

  let random = 1;
  const below = (bound: number): number => {
    random = (random * 48_271) % 2_147_483_647;
    return random % bound;
  };

  /** Asks for one checkpoint of one history, and learns the size from the answer. Returns whether there was one. */
  async function ask(url: string, ledger: Ledger, sizes: Map<string, number>): Promise<boolean> {
    const signer = signers[below(LOGS)]!;
    const origin = signer.key.name;
    const history = histories[below(3) === 0 ? below(histories.length) : 0]!;
    const oldTreeSize = sizes.get(origin) ?? 0;
    const treeSize = Math.min(SIZE, oldTreeSize + below(4));
    const before = ledger.newest(origin);
    const proof = await proveConsistency(oldTreeSize, treeSize, history.readHashes);
    const text = formatCheckpoint({ origin, treeSize, root: history.roots[treeSize]! });
    const checkpoint = await signNote(text, [signer]);
    try {
      const body = formatAddCheckpoint({ oldTreeSize, proof, checkpoint });
      const { status, text: answer } = await post(url, body);
      if (status === 200) {
        ledger.receive(origin, checkpoint, answer, before);
        sizes.set(origin, treeSize);
      } else if (status === 409) sizes.set(origin, Number(answer));
      else expect(status).toBe(422);
      return true;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return false; // the connection broke: the witness was killed
    }
  }

  it("gives one root for each size and never goes back, whatever many clients ask at once", async () => {
    await (await rig.start({ init: true })).close();
    const witness = await start();
    const ledger = new Ledger(rig.key.vkey);
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        const sizes = new Map<string, number>();
        for (let i = 0; i < 40; i++) expect(await ask(witness.url, ledger, sizes)).toBe(true);
      }),
    );
    await compare(witness.url, ledger);
    expect(ledger.count).toBeGreaterThan(50);
    await witness.kill();
  });

  it(`the same, killed ${KILLS} times meanwhile`, async () => {
    await (await rig.start({ init: true })).close();
    const ledger = new Ledger(rig.key.vkey);
    let witness = await start();
    for (let kill = 0; kill < KILLS; kill++) {
      let alive = true;
      const { url } = witness;
      const clients = Array.from({ length: CLIENTS }, async () => {
        const sizes = new Map<string, number>();
        while (alive && (await ask(url, ledger, sizes)));
      });
      await sleep(30 + below(200));
      await witness.kill();
      alive = false;
      await Promise.all(clients);
      witness = await start();
      await compare(witness.url, ledger);
    }
    expect(ledger.count).toBeGreaterThan(KILLS);
    await witness.kill();
  }, 300_000);
});
