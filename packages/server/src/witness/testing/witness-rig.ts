import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cosignatureVerifier,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  parseSignatureLine,
  parseTimestampedSignature,
  proveConsistency,
  signNote,
  verifyCheckpoint,
  formatNote,
  parseNote,
  type NoteSigner,
} from "@stele/proof";
import { ORIGIN, TestLog, testSigner } from "../../../../proof/src/testing/test-log.ts";
import { startWitness, type RunningWitness, type StartWitnessOptions } from "../start-witness.ts";
import { WitnessKey } from "../witness-key.ts";

/** What a witness answered. */
export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Headers;
}

/** A directory with a witness's key and state, and logs to ask it with. */
export class WitnessRig {
  readonly directory: string;
  readonly key: WitnessKey;
  /** A fork: as `log`, but for its first entry. */
  readonly fork: TestLog;
  readonly log: TestLog;

  private constructor(directory: string, key: WitnessKey, treeSize: number) {
    this.directory = directory;
    this.key = key;
    this.log = new TestLog(treeSize);
    this.fork = new TestLog(treeSize, (index) => (index === 0 ? "another" : `entry ${index}`));
  }

  static async make(treeSize = 40): Promise<WitnessRig> {
    const directory = await mkdtemp(join(tmpdir(), "stele-witness-"));
    const key = await WitnessKey.create(join(directory, "key"), "witness.example/w1");
    return new WitnessRig(directory, key, treeSize);
  }

  get options(): StartWitnessOptions {
    return {
      keyPath: join(this.directory, "key"),
      stateDirectory: this.stateDirectory,
      logKeys: [formatVerifierKey(this.log.signer.key)],
      port: 0,
      requestsPerSecond: 1_000_000,
    };
  }

  get stateDirectory(): string {
    return join(this.directory, "state");
  }

  async start(options: Partial<StartWitnessOptions> = {}): Promise<RunningWitness> {
    return await startWitness({ ...this.options, ...options });
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  /** The request that an honest log makes. */
  async request(oldTreeSize: number, treeSize: number, log = this.log): Promise<Uint8Array> {
    const proof = await proveConsistency(oldTreeSize, treeSize, log.readHashes);
    return formatAddCheckpoint({ oldTreeSize, proof, checkpoint: await log.signedCheckpoint(treeSize) });
  }

  /** A signed checkpoint of another origin, or by other keys. */
  async sign(
    treeSize: number,
    {
      origin = ORIGIN,
      signers = [this.log.signer] as readonly NoteSigner[],
      root = this.log.roots[treeSize]!,
    } = {},
  ): Promise<Uint8Array> {
    return await signNote(formatCheckpoint({ origin, treeSize, root }), signers);
  }

  /** Verifies an answer's cosignature line against the log's checkpoint, and returns its time. */
  async timeOf(line: string, treeSize: number, log = this.log): Promise<number> {
    const { text, signatures } = parseNote(await log.signedCheckpoint(treeSize));
    const cosignature = parseSignatureLine(line.trimEnd());
    verifyCheckpoint(formatNote(text, [...signatures, cosignature]), log.verifier, {
      witnesses: [cosignatureVerifier(this.key.vkey)],
      quorum: ({ size }) => size === 1,
    });
    return parseTimestampedSignature(cosignature.signature).timestampSeconds;
  }
}

export { testSigner };

export async function post(url: string, body: Uint8Array | string): Promise<Answered> {
  return await answered(await fetch(`${url}/add-checkpoint`, { method: "POST", body: Buffer.from(body) }));
}

export async function get(url: string, path: string): Promise<Answered> {
  return await answered(await fetch(`${url}${path}`));
}

async function answered(response: Response): Promise<Answered> {
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    text: await response.text(),
    headers: response.headers,
  };
}
