import {
  cosignatureVerifier,
  formatSignatureLine,
  formatTimestampedSignature,
  parseAddCheckpoint,
  parseNote,
} from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestLog, testWitness } from "../../../proof/src/testing/test-log.ts";
import { ScriptedWitness } from "./testing/scripted-witness.ts";
import { WitnessClient, type WitnessAnswer } from "./witness-client.ts";

const log = new TestLog(9);
const checkpoint = await log.signedCheckpoint(9);
const request = { oldTreeSize: 5, proof: [log.hash(0, 5), log.hash(1, 3)], checkpoint };
const known = testWitness("witness.example/1", 2);
const other = testWitness("witness.example/2", 3);
const lineOf = async (witness = known, seconds = 1_700_000_000, note = checkpoint) =>
  `${formatSignatureLine(parseNote(await witness.cosign(note, seconds)).signatures.at(-1)!)}\n`;

let scripted: ScriptedWitness;

beforeEach(async () => {
  scripted = await ScriptedWitness.start();
});
afterEach(async () => {
  await scripted.close();
});

async function ask(timeoutMs = 5_000, signal = new AbortController().signal): Promise<WitnessAnswer> {
  const client = new WitnessClient(scripted.url, cosignatureVerifier(known.key), timeoutMs);
  return await client.addCheckpoint(request, signal);
}

async function retryAfter(value: string): Promise<number | undefined> {
  scripted.answer(429, "", { "retry-after": value });
  const answer = await ask();
  return answer.kind === "refused" ? answer.retryAfterMs : undefined;
}

describe("a cosignature", () => {
  it("is asked for with the old size, the proof and the checkpoint", async () => {
    const line = await lineOf();
    let path: string | undefined;
    scripted.script = (incoming, response) => {
      path = `${incoming.method} ${incoming.url}`;
      response.end(line);
    };
    expect(await ask()).toMatchObject({ kind: "cosigned", timestampSeconds: 1_700_000_000 });
    expect(path).toBe("POST /prefix/add-checkpoint");
    expect(parseAddCheckpoint(scripted.bodies[0]!)).toMatchObject({ oldTreeSize: 5, proof: request.proof });
  });

  it("is found among lines of others, whatever they are, and is the newest", async () => {
    const { key } = known;
    const strange = formatSignatureLine({ name: key.name, keyId: 7, signature: new Uint8Array(9) });
    const [old, newer] = [await lineOf(known, 5), await lineOf(known, 6)];
    scripted.answer(
      200,
      `${await lineOf(other)}nonsense\n— witness.example/9 ???\n${strange}\n${old}${newer}${old}`,
    );
    expect(await ask()).toMatchObject({ kind: "cosigned", timestampSeconds: 6 });
  });

  it("counts only if it is the witness's, of this checkpoint, and has a time", async () => {
    const right = parseNote(await known.cosign(checkpoint, 5)).signatures.at(-1)!;
    const wrong = { ...right, signature: right.signature.with(70, right.signature[70]! ^ 1) };
    const short = { ...right, signature: right.signature.slice(0, 60) };
    const timeless = {
      ...right,
      signature: formatTimestampedSignature({ timestampSeconds: 0, signature: right.signature.slice(8) }),
    };
    const bodiesOf = [
      "",
      "\n",
      "nonsense",
      await lineOf(other),
      `${await lineOf()}${formatSignatureLine(wrong)}\n`,
      `${formatSignatureLine(wrong)}\n`,
      `${formatSignatureLine(short)}\n`,
      `${formatSignatureLine(timeless)}\n`,
      await lineOf(known, 0),
      await lineOf(known, 5, await log.signedCheckpoint(8)),
      `— ${known.key.name} AAAA\n`,
      `— ${known.key.name} !!!!\n`,
    ];
    for (const body of bodiesOf) {
      scripted.answer(200, body);
      expect(await ask(), body).toMatchObject({ kind: "refused", reason: "answer_wrong" });
    }
  });
});

describe("the other status codes", () => {
  it("409 with a size", async () => {
    for (const [body, treeSize] of [
      ["7\n", 7],
      ["0\n", 0],
      ["7", 7],
    ] as const) {
      scripted.answer(409, body, { "content-type": "text/x.tlog.size" });
      expect(await ask()).toEqual({ kind: "size", treeSize });
    }
  });

  it("409 with what is no size", async () => {
    for (const body of ["", "-1\n", "07\n", "7\n7\n", "9007199254740992\n", "seven\n"]) {
      scripted.answer(409, body, { "content-type": "text/x.tlog.size" });
      expect(await ask(), body).toMatchObject({ kind: "refused", reason: "answer_wrong" });
    }
  });

  it.each([
    [400, "request_refused"],
    [403, "key_refused"],
    [404, "log_unknown"],
    [409, "size_withheld"],
    [422, "history_conflict"],
    [429, "rate_limited"],
    [500, "unavailable"],
    [502, "unavailable"],
    [503, "unavailable"],
    [201, "answer_wrong"],
    [204, "answer_wrong"],
    [401, "answer_wrong"],
    [418, "answer_wrong"],
  ])("%s is %s", async (status, reason) => {
    scripted.answer(status, status === 204 ? "" : "why\n", { "content-type": "text/plain" });
    const answer = await ask();
    expect(answer).toMatchObject({ kind: "refused", reason });
    expect(answer).not.toHaveProperty("retryAfterMs");
  });

  it("Retry-After, in seconds or as a date, and bounded", async () => {
    expect(await retryAfter("7")).toBe(7_000);
    expect(await retryAfter("999999")).toBe(3_600_000);
    expect(await retryAfter("soon")).toBeUndefined();
    expect(await retryAfter(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
    expect(await retryAfter("Wed, 01 Jan 2200 00:00:00 GMT")).toBe(3_600_000);
  });

  it("a redirect is not followed", async () => {
    scripted.answer(307, "", { location: `${scripted.url}elsewhere` });
    expect(await ask()).toMatchObject({ kind: "refused", reason: "answer_wrong" });
    expect(scripted.bodies).toHaveLength(1);
  });
});

describe("a witness that is not well", () => {
  it("answers without end", async () => {
    scripted.script = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (response.write("x".repeat(10_000))) if (response.destroyed) return;
        response.once("drain", more);
      };
      more();
    };
    expect(await ask()).toMatchObject({ kind: "refused", reason: "answer_wrong" });
  });

  it("does not answer in time", async () => {
    scripted.script = () => {};
    expect(await ask(100)).toMatchObject({ kind: "refused", reason: "unavailable" });
  });

  it("begins to answer, and stops", async () => {
    scripted.script = (_, response) => void response.writeHead(200).write("— ");
    expect(await ask(100)).toMatchObject({ kind: "refused", reason: "unavailable" });
  });

  it("breaks the connection", async () => {
    scripted.script = (_, response) => response.destroy();
    expect(await ask()).toMatchObject({ kind: "refused", reason: "unavailable" });
  });

  it("is given up when the log is closed", async () => {
    const closing = new AbortController();
    scripted.script = () => closing.abort(new Error("closed"));
    await expect(ask(5_000, closing.signal)).rejects.toThrow("closed");
  });

  it("never has its path told, which may be a secret", async () => {
    scripted.script = (_, response) => response.destroy();
    expect(JSON.stringify(await ask())).not.toContain("prefix");
  });
});
