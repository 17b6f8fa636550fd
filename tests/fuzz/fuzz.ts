import { SteleError } from "@stele/proof";
import { grow, mutate, seededRandom } from "./mutate.ts";

/** What takes bytes of strangers. */
export interface FuzzedParser {
  readonly name: string;
  /** Valid inputs. Every one is accepted. */
  readonly corpus: readonly Uint8Array[];
  /**
   * Parses. Gives back what the parsed value formats to, which must be the input, byte for byte; nothing, if the format has
   * other forms too or is not written here.
   */
  readonly parse: (bytes: Buffer) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Errors besides SteleError that it says it throws, for its caller to wrap. */
  readonly throws?: readonly (new (...parameters: never[]) => Error)[];
}

export interface FuzzReport {
  readonly name: string;
  readonly inputs: number;
  /** How many of them were valid after all: too few, and the mutations only ever reach the first check. */
  readonly accepted: number;
  /** Of the processor. */
  readonly worstMs: number;
  readonly worstLengthBytes: number;
}

/** An input that a parser does not take as it should, and how to have it again. */
export class FuzzFailure extends Error {
  constructor(
    parser: FuzzedParser,
    input: Uint8Array,
    seed: number,
    what: string,
    options: ErrorOptions = {},
  ) {
    const shown = Buffer.from(input.subarray(0, 3000)).toString("base64");
    super(`${parser.name} (seed ${seed}): ${what}\n  input of ${input.length} bytes: ${shown}`, options);
    this.name = "FuzzFailure";
  }
}

export interface FuzzOptions {
  readonly seed: number;
  /** Ends after so many inputs, or so much time. */
  readonly inputsMax: number;
  readonly untilMs?: number;
}

/** @throws FuzzFailure */
export async function fuzz(parser: FuzzedParser, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, inputsMax, untilMs = Infinity } = options;
  const random = seededRandom(seed);
  for (const input of parser.corpus) {
    if (!(await accepts(parser, Buffer.from(input), seed))) {
      throw new FuzzFailure(parser, input, seed, "a valid input is refused");
    }
  }
  let [inputs, accepted, worstMs, worstLengthBytes] = [0, 0, 0, 0];
  while (inputs < inputsMax && performance.now() < untilMs) {
    const input = mutate(random, parser.corpus);
    const started = process.cpuUsage();
    if (await accepts(parser, input, seed)) accepted++;
    const ms = cpuMs(started);
    if (ms > worstMs) [worstMs, worstLengthBytes] = [ms, input.length];
    inputs++;
  }
  return { name: parser.name, inputs, accepted, worstMs, worstLengthBytes };
}

async function accepts(parser: FuzzedParser, input: Buffer, seed: number): Promise<boolean> {
  const before = Buffer.from(input);
  let formatted: Uint8Array | undefined;
  try {
    formatted = await parser.parse(input);
  } catch (error) {
    if (error instanceof SteleError || parser.throws?.some((kind) => error instanceof kind)) return false;
    throw new FuzzFailure(parser, before, seed, `threw ${String(error)}`, { cause: error });
  }
  if (formatted !== undefined && !before.equals(formatted)) {
    throw new FuzzFailure(
      parser,
      before,
      seed,
      `formats to something else: ${Buffer.from(formatted).toString("base64")}`,
    );
  }
  return true;
}

const SMALL_LENGTH_BYTES = 16 << 10;
const TIMES_LARGER = 8;
/** Linear is 8, quadratic 64. */
const RATIO_MAX = 32;
/** Below it, a ratio is mostly chance. */
const TELLING_MS = 250;

/**
 * Looks for inputs whose time grows much faster than their length, by one pattern at two lengths.
 *
 * @throws FuzzFailure
 */
export async function findSuperlinear(parser: FuzzedParser, seed: number, patterns: number): Promise<void> {
  for (let i = 0; i < patterns; i++) {
    const input = (lengthBytes: number) => grow(seededRandom(seed + i), parser.corpus, lengthBytes);
    const large = input(SMALL_LENGTH_BYTES * TIMES_LARGER);
    if ((await timeOf(parser, large, seed)) < TELLING_MS) continue;
    const small = await leastTimeOf(parser, input(SMALL_LENGTH_BYTES), seed);
    const least = await leastTimeOf(parser, large, seed);
    if (least > TELLING_MS && least > RATIO_MAX * small) {
      const what = `takes ${least.toFixed()} ms, an eighth of the length ${small.toFixed(1)} ms`;
      throw new FuzzFailure(parser, large, seed + i, what);
    }
  }
}

async function leastTimeOf(parser: FuzzedParser, input: Buffer, seed: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await timeOf(parser, input, seed));
  return Math.min(...times);
}

async function timeOf(parser: FuzzedParser, input: Buffer, seed: number): Promise<number> {
  const started = process.cpuUsage();
  await accepts(parser, input, seed);
  return cpuMs(started);
}

/** Of this process: on a busy machine, the clock on the wall tells of others. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
