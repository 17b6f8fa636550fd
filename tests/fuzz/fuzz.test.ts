import { MalformedError } from "@stele/proof";
import { afterAll, describe, expect, test } from "vitest";
import { findSuperlinear, fuzz, type FuzzedParser } from "./fuzz.ts";
import { proofParsers } from "./proof-parsers.ts";
import { serverParsers } from "./server-parsers.ts";

// Most inputs end in an error, and a stack trace costs more than parsing.
Error.stackTraceLimit = 0;

const server = await serverParsers();
const parsers = [...(await proofParsers()), ...server.parsers];
const SEED = 1;

afterAll(() => server.close());

describe("only our own errors come out, and what is accepted formats to the same bytes", () => {
  test.each(parsers.map((parser) => [parser.name, parser] as const))("%s", async (_, parser) => {
    const { inputs } = await fuzz(parser, { seed: SEED, inputsMax: 300, untilMs: performance.now() + 2_000 });
    expect(inputs).toBeGreaterThan(0);
    await findSuperlinear(parser, SEED, 2);
  });
});

const corpus = [Buffer.from("key 12345\n")];

/** A parser as it should be, and what may be wrong with one. */
function good(bytes: Buffer): Uint8Array {
  if (!/^key \d+\n$/.test(bytes.toString("latin1"))) throw new MalformedError("planted", "no key");
  return bytes;
}

function believesLengths(bytes: Buffer): Uint8Array {
  good(bytes);
  return Buffer.from(`key ${new Uint16Array(Number(bytes.toString().slice(4))).length}\n`);
}

function takesLeadingZeroes(bytes: Buffer): Uint8Array {
  return Buffer.from(`key ${BigInt(good(bytes).subarray(4, -1).toString())}\n`);
}

function isQuadratic(bytes: Buffer): undefined {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) {
    for (let j = 0; j < bytes.length; j += 64) sum += bytes[j]! & i;
  }
  if (sum < 0) throw new MalformedError("planted", "never");
}

async function find(parse: FuzzedParser["parse"]) {
  return await fuzz({ name: "planted", corpus, parse }, { seed: SEED, inputsMax: 5_000 });
}

describe("the fuzzer finds what is planted", () => {
  test("nothing, if there is nothing", async () => {
    expect(await find(good)).toMatchObject({ inputs: 5_000 });
  });

  test("an error of another class", async () => {
    await expect(find(believesLengths)).rejects.toThrow(/planted .* threw RangeError/);
  });

  test("a form that is not canonical", async () => {
    await expect(find(takesLeadingZeroes)).rejects.toThrow("formats to something else");
  });

  test("time that grows with the square of the length", async () => {
    const parser = { name: "planted", corpus, parse: isQuadratic };
    await expect(findSuperlinear(parser, SEED, 1)).rejects.toThrow(/planted .* takes/);
  });
});
